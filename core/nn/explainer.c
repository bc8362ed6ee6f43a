/* Grad-CAM of a model file: its network, its views, and a lock, so that the threads of a host may share it. */
#include "grad_cam.h"
#include "model_parts.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct medtl_explainer {
    medtl_model *model; /* what the file says; it has no plan */
    medtl_network *network;
    medtl_grad_cam *cam;
    float *view, *map; /* one view of the input, and its map */
    pthread_mutex_t lock;
};

static medtl_status allocate(medtl_explainer *e, const char *path, medtl_error *err)
{
    const medtl_model_info *info = &e->model->info;
    size_t height, width;

    medtl_grad_cam_size(e->cam, &height, &width);
    e->view = malloc((size_t)info->channels * info->height * info->width * sizeof *e->view);
    e->map = malloc(height * width * sizeof *e->map);
    if (e->view == NULL || e->map == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory for a heat map", path);
    return MEDTL_OK;
}

static medtl_status open_model(medtl_explainer *e, const char *path, const char *layer,
                               size_t threads, medtl_error *err)
{
    medtl_error why = {0};
    medtl_status status;

    if ((status = medtl_model_load_network(path, &e->model, &e->network, err)) != MEDTL_OK)
        return status;
    if (e->network == NULL)
        return medtl_fail(err, MEDTL_E_UNSUPPORTED,
                          "%s: a network from ONNX; heat maps are made for our own architectures",
                          path);
    if ((status = medtl_grad_cam_create(e->network, layer, threads, &e->cam, &why)) != MEDTL_OK)
        return medtl_fail(err, status, "%s: %s", path, why.message);
    return allocate(e, path, err);
}

medtl_status medtl_explainer_create(const char *path, const char *layer, size_t threads,
                                    medtl_explainer **out, medtl_error *err)
{
    medtl_explainer *e = calloc(1, sizeof *e);
    medtl_status status;

    *out = NULL;
    if (e == NULL)
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: out of memory", path);
    if (pthread_mutex_init(&e->lock, NULL) != 0) {
        free(e);
        return medtl_fail(err, MEDTL_E_MEMORY, "%s: cannot make a lock", path);
    }
    status = open_model(e, path, layer, threads, err);
    if (status == MEDTL_OK) {
        *out = e;
        e = NULL;
    }
    medtl_explainer_destroy(e);
    return status;
}

void medtl_explainer_destroy(medtl_explainer *explainer)
{
    if (explainer == NULL)
        return;
    medtl_grad_cam_destroy(explainer->cam);
    medtl_network_destroy(explainer->network);
    medtl_model_destroy(explainer->model);
    free(explainer->view);
    free(explainer->map);
    (void)pthread_mutex_destroy(&explainer->lock);
    free(explainer);
}

const medtl_model_info *medtl_explainer_get_info(const medtl_explainer *explainer)
{
    return &explainer->model->info;
}

void medtl_explainer_map_size(const medtl_explainer *explainer, size_t *height, size_t *width)
{
    medtl_grad_cam_size(explainer->cam, height, width);
}

/* Add a view's map, every pixel where it was before medtl_view_draw() moved it. */
static void add_turned_back(unsigned changes, const float *map, size_t height, size_t width,
                            float *sum)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const size_t row = changes & MEDTL_VIEW_MIRROR_Y ? height - 1 - y : y;
            const size_t column = changes & MEDTL_VIEW_MIRROR_X ? width - 1 - x : x;

            sum[changes & MEDTL_VIEW_TRANSPOSE ? column * width + row : row * width + column] +=
                map[y * width + x];
        }
}

medtl_status medtl_explainer_run(medtl_explainer *explainer, const float *input, size_t class_index,
                                 float *map, medtl_error *err)
{
    const medtl_model_info *info = &explainer->model->info;
    const medtl_views views = explainer->model->metadata.views;
    const size_t count = medtl_views_count(views);
    size_t height, width;

    if (class_index >= info->class_count)
        return medtl_fail(err, MEDTL_E_ARGUMENT, "there is no class %zu: the model has %u",
                          class_index, info->class_count);
    medtl_grad_cam_size(explainer->cam, &height, &width);
    (void)pthread_mutex_lock(&explainer->lock);
    memset(map, 0, height * width * sizeof *map);
    for (size_t v = 0; v < count; v++) {
        medtl_view_draw(views, v, info->channels, info->height, info->width, input,
                        explainer->view);
        medtl_grad_cam_run(explainer->cam, explainer->view, class_index, explainer->map, NULL);
        add_turned_back(medtl_view_changes(views, v), explainer->map, height, width, map);
    }
    (void)pthread_mutex_unlock(&explainer->lock);
    for (size_t i = 0; i < height * width; i++)
        map[i] = map[i] > 0.0f ? map[i] / (float)count : 0.0f;
    return MEDTL_OK;
}
