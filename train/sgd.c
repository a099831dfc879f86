/*
 * Stochastic gradient descent with momentum, as torch.optim.SGD (dampening 0) defines it; used by every optimizer:
 *     d = g + weight_decay theta;   m <- momentum m + d;   theta <- theta - lr (d + momentum m if Nesterov, else m)
 * Weight decay acts on all learned elements. Each element is formed in double and rounded once.
 * Source: Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning"; PyTorch's docs.
 * SPDX-License-Identifier: MIT
 */
#include "train/train.h"

void tr_sgd(tr_state *s, const float *g)
{
    const double mu = s->sgd.momentum, decay = s->sgd.weight_decay, lr = s->lr;
    for (int64_t j = 0; j < s->layout->n_learned; j++) {
        double d = (double)g[j] + decay * (double)s->theta[j];
        double m = mu * (double)s->momentum[j] + d;
        double step = s->sgd.nesterov ? d + mu * m : m;
        s->momentum[j] = (float)m;
        s->theta[j] = (float)((double)s->theta[j] - lr * step);
    }
}
