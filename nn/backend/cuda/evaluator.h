/*
 * evaluator.h - the cuda backend's evaluator.
 * SPDX-License-Identifier: MIT
 */
#ifndef CUDA_EVALUATOR_H
#define CUDA_EVALUATOR_H

#include "nn/backend/backend.h"

extern const nn_evaluator_ops cuda_evaluator_ops;

#endif
