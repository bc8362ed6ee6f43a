/* What a mammogram costs: reading, normalising and classifying it with medtl, against DCMTK's own decode of the
 * same file, in turn, in one run.
 *   bench_mammogram FILE.dcm [REPETITIONS]
 * One thread. Prints the machine, the medians and their ratio (limit 3). */
#include "machine.h"
#include "medtl/image.h"
#include "pipeline/pipeline.h"

#include <dcmtk/config/osconfig.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dctk.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

namespace
{

double dcmtk_decode(const char *path)
{
    const double begin = machine_seconds();
    DcmFileFormat file;

    if (file.loadFile(path).bad() ||
        file.getDataset()->chooseRepresentation(EXS_LittleEndianExplicit, nullptr).bad())
        return -1;
    return machine_seconds() - begin;
}

struct parts {
    double header, decode, normalise, classify;
    double sum() const { return header + decode + normalise + classify; }
};

const char *lookup(const void *instance, const char *keyword)
{
    return medtl_instance_value(static_cast<const medtl_instance *>(instance), keyword);
}

bool medtl_once(const medtl_pipeline *pipeline, std::vector<medtl_predictor *> &predictors,
                const char *path, parts *out, medtl_error *err)
{
    size_t keyword_count = 0;
    const char *const *keywords =
        medtl_config_keywords(medtl_pipeline_config(pipeline), &keyword_count);
    medtl_instance *instance = nullptr;
    medtl_image *image = nullptr;
    char reason[MEDTL_MESSAGE_SIZE];
    double t[5];

    t[0] = machine_seconds();
    if (medtl_instance_read(path, keywords, keyword_count, &instance, err) != MEDTL_OK)
        return false;
    const medtl_task *task = medtl_config_match(medtl_pipeline_config(pipeline), lookup, instance,
                                                reason, sizeof reason);
    t[1] = machine_seconds();
    bool good = task != nullptr && medtl_image_read(instance, 0, &image, err) == MEDTL_OK;
    t[2] = machine_seconds();
    if (good) {
        const medtl_normaliser &n = task->normaliser;
        std::vector<float> input(size_t(n.channels) * n.height * n.width),
            probabilities(task->class_count);

        good = medtl_normalise(image, &n, input.data(), nullptr, nullptr, err) == MEDTL_OK;
        t[3] = machine_seconds();
        for (size_t i = 0; good && i < predictors.size(); i++)
            if (medtl_pipeline_task(pipeline, i) == task)
                medtl_predictor_run(predictors[i], input.data(), 1, probabilities.data());
        t[4] = machine_seconds();
        *out = {t[1] - t[0], t[2] - t[1], t[3] - t[2], t[4] - t[3]};
    } else if (task == nullptr) {
        (void)medtl_fail(err, MEDTL_E_CONFIG, "%s: %s", path, reason);
    }
    medtl_image_destroy(image);
    medtl_instance_destroy(instance);
    return good;
}

double median(std::vector<double> values)
{
    machine_sort(values.data(), values.size());
    return values[values.size() / 2];
}

} // namespace

int main(int argc, char **argv)
{
    const int repetitions = argc > 2 ? std::atoi(argv[2]) : 9;
    medtl_error err = {MEDTL_OK, ""};
    medtl_pipeline *pipeline = nullptr;
    std::vector<medtl_predictor *> predictors;
    std::vector<double> theirs, ours, header, decode, normalise, classify;

    if (argc < 2 || repetitions < 1) {
        std::fputs("usage: bench_mammogram FILE.dcm [REPETITIONS]\n", stderr);
        return 2;
    }
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
    bool good = medtl_pipeline_create(nullptr, 0, &pipeline, &err) == MEDTL_OK;
    for (size_t i = 0; good && i < medtl_pipeline_task_count(pipeline); i++) {
        medtl_predictor *predictor = nullptr;
        good = medtl_predictor_create(medtl_pipeline_model(pipeline, i), 1, 1, &predictor, &err) ==
               MEDTL_OK;
        predictors.push_back(predictor);
    }
    for (int i = -1; good && i < repetitions; i++) { /* the first round only warms up */
        parts p = {0, 0, 0, 0};
        const double reference = dcmtk_decode(argv[1]);

        good = reference > 0 && medtl_once(pipeline, predictors, argv[1], &p, &err);
        if (good && i >= 0) {
            theirs.push_back(reference * 1e3);
            ours.push_back(p.sum() * 1e3);
            header.push_back(p.header * 1e3);
            decode.push_back(p.decode * 1e3);
            normalise.push_back(p.normalise * 1e3);
            classify.push_back(p.classify * 1e3);
        }
    }
    if (good) {
        machine_print();
        std::printf("1 thread, %d rounds, medians in ms\n", repetitions);
        std::printf("DCMTK load and decode  %8.1f\n", median(theirs));
        std::printf("medtl, everything      %8.1f  (header %.1f, decode %.1f, normalise %.1f, "
                    "classify %.1f)\n",
                    median(ours), median(header), median(decode), median(normalise),
                    median(classify));
        std::printf("ratio                  %8.2f  (limit 3)\n", median(ours) / median(theirs));
    } else {
        std::fprintf(stderr, "bench_mammogram: %s\n",
                     err.message[0] ? err.message : "DCMTK cannot decode the file");
    }
    for (medtl_predictor *p : predictors)
        medtl_predictor_destroy(p);
    medtl_pipeline_destroy(pipeline);
    return good ? 0 : 3;
}
