/*
 * Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0) defines it; used by every optimizer:
 *     d = g + weight_decay theta;   m <- momentum m + d;   theta <- theta - lr (d + momentum m if Nesterov, else m)
 * with lr head_lr_scale for lr in the head. Weight decay acts on all elements that learn. Each element is formed in
 * double and rounded once. Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
 * learning"; PyTorch's docs. SPDX-License-Identifier: MIT
 */
#include "train/train.h"

static void move(tr_state *s, const float *g, int64_t first, int64_t past, double lr)
{
    const double mu = s->sgd.momentum, decay = s->sgd.weight_decay;
    for (int64_t j = first; j < past; j++) {
        double d = (double)g[j] + decay * (double)s->theta[j];
        double m = mu * (double)s->momentum[j] + d;
        double step = s->sgd.nesterov ? d + mu * m : m;
        s->momentum[j] = (float)m;
        s->theta[j] = (float)((double)s->theta[j] - lr * step);
    }
}

void tr_sgd(tr_state *s, const float *g)
{
    const double scale = s->sgd.head_lr_scale > 0 ? s->sgd.head_lr_scale : 1;
    move(s, g, s->first, s->head, s->lr);
    move(s, g, s->head, s->layout->n_learned, scale * s->lr);
}
