/* One run of `medtl pretrain`, for the files that it is made of. */
#ifndef MEDTL_TOOL_PRETRAIN_SESSION_H
#define MEDTL_TOOL_PRETRAIN_SESSION_H

#include "pretrain_options.h"
#include "pretrain_output.h"
#include "progress.h"
#include "target.h"

typedef struct pretrain_session {
    pretrain_options options;
    target target;
    image_source images, probe;
    uint32_t *probe_groups; /* [probe.usable_count] */
    medtl_pretrain_options loop;
    medtl_learner *learner;
    char init_sha256[MEDTL_SHA256_TEXT_SIZE];
    fingerprint_text fingerprints; /* of what the run learns from */
    char *checkpoint;
    pretrain_output output;
    progress_line line;
    double rate; /* images per second of the running epoch */
} pretrain_session;

/** Read the images, and those of the probe; says what there is. */
medtl_status pretrain_read_data(pretrain_session *s, medtl_error *err);

/** Is something learned from that will be tested on? Looks at the groups of the table, and at groups and pictures of
 *  --held-out; makes the fingerprints that finetune and evaluate look at later.
 *  @return MEDTL_E_ARGUMENT with counts where it is and the policy is to stop. (pretrain_leaks.c) */
medtl_status pretrain_check_leaks(pretrain_session *s, medtl_error *err);

/** Make the networks, load initial weights, and complete the text that tells this run from others. */
medtl_status pretrain_build(pretrain_session *s, medtl_error *err);

#endif
