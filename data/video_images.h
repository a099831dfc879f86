/*
 * video_images.h - the images of a data set of videos: which frames, decoded to the size of the network.
 * SPDX-License-Identifier: MIT
 */
#ifndef DS_VIDEO_IMAGES_H
#define DS_VIDEO_IMAGES_H

#include "data/dataset.h"

/* Which videos the options ask for, and their images: decoded into *images; d gets its source, and of each image the
 * video, subject and species. Of DS_TRAIN a damaged frame is replaced by another one of its video; else LSC_ERR_FORMAT
 * or LSC_ERR_IO have its name. LSC_ERR_ARG: keys that are not for videos, no domain, nothing held back for validation.
 */
lsc_status ds_videos_open(const ds_options *o, const ds_kind *kind, ds_request *r, ds_images *images, ds_dataset *d);

#endif
