/*
 * face_name.h - what the name of a video says in the four public data sets: whose face, and what kind of attack.
 *     oulu    ..._PHONE_SESSION_USER_FILE       file 1 live, 2 and 3 prints, 4 and 5 screens
 *     casia   ..._SUBJECT_{NM|HR}_K             NM 1, 2 and HR 1 live; NM 3 to 6, HR 2 and 3 prints; NM 7, 8, HR 4
 * screens replay  ...clientNNN...                   attack_print, photo: prints; video, mobile, highdef: screens msu
 * ...clientNNN...                   printed_photo: print; video: screen Neither is trained on: subjects serve intervals
 * of confidence, species the error rates of each kind of attack. SPDX-License-Identifier: MIT
 */
#ifndef DS_FACE_NAME_H
#define DS_FACE_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* Species of presentation attack instruments (ISO/IEC 30107-3); a live face is none. */
typedef enum { DS_NO_ATTACK = -1, DS_PRINT, DS_REPLAY, DS_OTHER_ATTACK, DS_N_ATTACKS } ds_attack;
extern const char *const ds_attack_names[DS_N_ATTACKS]; /* "print" "replay" "other" */

/* Of a spoof's name; DS_OTHER_ATTACK where it does not say. */
ds_attack ds_face_name_attack(const char *name);
/* Where the subject's digits lie in the name, or NULL. */
const char *ds_face_name_subject(const char *name, size_t *length);

#endif
