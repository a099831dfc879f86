/*
 * For programs that make plans of cuDNN under a leak detector: libraries stay open. At exit cuDNN closes those that it
 * opened, with what they keep in their own caches, and only then are leaks looked for: with this function in place
 * nothing is lost that is ours, and all that is cuDNN's can still be reached.
 * SPDX-License-Identifier: MIT
 */
__attribute__((visibility("default"))) int dlclose(void *library);

int dlclose(void *library)
{
    (void)library;
    return 0;
}
