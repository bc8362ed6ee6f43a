/* The networks of a run, their first weights, and what tells the run from others. */
#include "pretrain_session.h"
#include "start_weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static medtl_status make_networks(pretrain_session *s, medtl_error *err)
{
    const medtl_normaliser *n = &s->target.normaliser;
    medtl_network_spec *trunk = &s->loop.learner.trunk;
    size_t values = 0, in_trunk = 0;
    medtl_status status = pretrain_loop_options(&s->options, n->channels, &s->loop, err);

    if (status != MEDTL_OK)
        return status;
    snprintf(trunk->architecture, sizeof trunk->architecture, "%s", s->options.architecture);
    trunk->width = (uint32_t)s->options.width;
    trunk->channels = n->channels;
    trunk->height = n->height;
    trunk->width_px = n->width;
    trunk->dropout = -1.0f;
    trunk->classes =
        pretrain_kind(&s->options) == MEDTL_PRETEXT_ROTATION ? 4 : (uint32_t)s->images.class_count;
    if ((status = medtl_learner_create(&s->loop.learner, &s->learner, err)) != MEDTL_OK ||
        (s->options.init != NULL &&
         (status = start_weights(medtl_learner_network(s->learner), s->options.init, NULL, true,
                                 s->init_sha256, err)) != MEDTL_OK))
        return status;
    for (size_t i = 0; i < medtl_network_parameter_count(medtl_learner_network(s->learner)); i++) {
        medtl_network *network = medtl_learner_network(s->learner);
        const medtl_parameter *p = medtl_network_parameter(network, i);

        if (p->role != MEDTL_PARAMETER_STATISTIC) {
            values += p->size;
            in_trunk += medtl_pretext_in_trunk(network, p) ? p->size : 0;
        }
    }
    printf("%s, %s, %zu parameters and %zu of the method, input %u x %u x %u, %zu threads\n",
           pretrain_method_name(&s->options), trunk->architecture, in_trunk, values - in_trunk,
           (unsigned)n->channels, (unsigned)n->height, (unsigned)n->width,
           (size_t)s->options.threads);
    fflush(stdout);
    return MEDTL_OK;
}

/* What tells this run from others: the options, and what they refer to. */
static medtl_status complete_run_text(pretrain_session *s, medtl_error *err)
{
    char normaliser[MEDTL_NORMALISER_TEXT_SIZE], images[MEDTL_SHA256_TEXT_SIZE];
    char probe[MEDTL_SHA256_TEXT_SIZE] = "", *text = NULL;
    medtl_status status = image_source_digest(&s->images, images, err);

    if (status == MEDTL_OK && s->output.probe != NULL)
        status = image_source_digest(&s->probe, probe, err);
    if (status != MEDTL_OK)
        return status;
    s->output.augment = pretrain_augment_text(&s->options, s->target.normaliser.channels);
    medtl_normaliser_text(&s->target.normaliser, normaliser);
    if (asprintf(&text, "%sviews=%s\nnormaliser=%s\nimages=%s\nprobe=%s\ninit=%s\n",
                 s->options.run_text, s->output.augment, normaliser, images, probe,
                 s->init_sha256) < 0)
        return medtl_fail(err, MEDTL_E_MEMORY, "out of memory");
    free(s->options.run_text);
    s->options.run_text = text;
    s->loop.run = text;
    s->loop.checkpoint = s->checkpoint;
    return MEDTL_OK;
}

medtl_status pretrain_build(pretrain_session *s, medtl_error *err)
{
    const medtl_status status = make_networks(s, err);

    return status == MEDTL_OK ? complete_run_text(s, err) : status;
}
