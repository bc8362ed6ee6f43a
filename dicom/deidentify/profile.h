/* The Basic Application Level Confidentiality Profile (PS3.15 Annex E) as a table: what becomes of an attribute. */
#ifndef MEDTL_DEIDENTIFY_PROFILE_H
#define MEDTL_DEIDENTIFY_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The action codes of Table E.1-1a. Where several are named, the IOD decides: the first that leaves the object
 *  valid. */
typedef enum medtl_profile_action {
    MEDTL_PROFILE_NOT_LISTED = 0,
    MEDTL_PROFILE_REMOVE,                  /* X     */
    MEDTL_PROFILE_EMPTY,                   /* Z     */
    MEDTL_PROFILE_DUMMY,                   /* D     */
    MEDTL_PROFILE_NEW_UID,                 /* U     */
    MEDTL_PROFILE_EMPTY_OR_DUMMY,          /* Z/D   */
    MEDTL_PROFILE_REMOVE_OR_EMPTY,         /* X/Z   */
    MEDTL_PROFILE_REMOVE_OR_DUMMY,         /* X/D   */
    MEDTL_PROFILE_REMOVE_EMPTY_OR_DUMMY,   /* X/Z/D */
    MEDTL_PROFILE_REMOVE_EMPTY_OR_NEW_UIDS /* X/Z/U*: new UIDs inside a sequence */
} medtl_profile_action;

/** The action of the Basic Profile. */
medtl_profile_action medtl_profile_find(uint16_t group, uint16_t element);

/** Does the Retain Patient Characteristics Option keep it as it is? */
bool medtl_profile_is_patient_characteristic(uint16_t group, uint16_t element);

#ifdef __cplusplus
}
#endif
#endif
