/*
 * history.csv: a row for each epoch. Accuracies are fractions; a cell is empty where the epoch was not evaluated.
 * batch_loss and batch_accuracy are means over the epoch's (augmented) batches while the parameters moved;
 * perturbation is |eps| of the ascending points, mean over the epoch, and its shares are of |eps|^2.
 * SPDX-License-Identifier: MIT
 */
#include "train/run.h"

static const char head[] = "epoch,lr,train_loss,train_accuracy,held_loss,held_accuracy,batch_loss,batch_accuracy,"
                           "perturbation,perturbation_weight,perturbation_bias,perturbation_norm,seconds\n";

void tr_history_add(lsc_text *history, int64_t epoch, double lr, const tr_sums *sums, const tr_metrics *metrics)
{
    const double all = sums->squares[0] + sums->squares[1] + sums->squares[2];

    if (history->length == 0)
        lsc_text_add(history, "%s", head);
    lsc_text_add(history, "%lld,%.9g,", (long long)epoch, lr);
    if (metrics != NULL)
        lsc_text_add(history, "%.9g,%.9g,%.9g,%.9g,", metrics->train.loss, metrics->train.accuracy, metrics->held.loss,
                     metrics->held.accuracy);
    else
        lsc_text_add(history, ",,,,");
    lsc_text_add(history, "%.9g,%.9g,%.6g", sums->loss / sums->steps, sums->correct / sums->images,
                 sums->perturbation / sums->steps);
    for (int role = 0; role < 3; role++)
        lsc_text_add(history, ",%.6g", all > 0 ? sums->squares[role] / all : 0);
    lsc_text_add(history, ",%.3f\n", sums->seconds);
}
