/*
 * face_fixture.h - small face anti-spoofing data in the folder of the test.
 * SPDX-License-Identifier: MIT
 */
#ifndef TESTS_FACE_FIXTURE_H
#define TESTS_FACE_FIXTURE_H

#include "support/support.h"

/* `crops` pictures crop_0000.png, crop_0005.png, ... of one colour in FOLDER/video, where video is e.g.
 * "oulu/train/live/oulu_train_live_1_1_07_1". */
void fixture_video(const char *video, int crops);
/* Two live and two spoof videos of 3 crops in each part of a domain. */
void fixture_domain(const char *domain);

#endif
