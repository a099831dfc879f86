/*
 * See face_fixture.h.
 * SPDX-License-Identifier: MIT
 */
#include "face_fixture.h"

#include "picture_fixture.h"

void fixture_video(const char *video, int crops)
{
    CHECK_OK(lsc_mkdirs(test_path("%s", video)));
    for (int i = 0; i < crops; i++) {
        const uint8_t rgb[] = {(uint8_t)(10 * i), (uint8_t)strlen(video), 200};
        fixture_png_of(test_path("%s/crop_%04d.png", video, 5 * i), 6 + i, 8, rgb);
    }
}

void fixture_domain(const char *domain)
{
    static const char *const parts[] = {"train", "test"}, *const labels[] = {"live", "spoof"};
    char video[256];
    for (int k = 0; k < 8; k++) {
        snprintf(video, sizeof video, "%s/%s/%s/v%d", domain, parts[k / 4], labels[k / 2 % 2], k);
        fixture_video(video, 3);
    }
}
