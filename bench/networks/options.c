#include "options.h"

#include "core/nn/network.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_USAGE = 2, MOST_SIDE = 4096, MOST_IMAGES = 1024, MOST_THREADS = 1024 };

static const char help[] =
    "bench_networks: how long whole networks take, and where the time goes.\n"
    "\n"
    "  bench_networks [ARCHITECTURE [SIZE [WIDTH]]]\n"
    "      Inference of 1 and 16 images and a training step of 16, on one and two threads.\n"
    "      Default: hybrid2 and resnet18 at 224 pixels, own width, 2 classes.\n"
    "  bench_networks --network NAME [--batch LIST] [--train N] [options]\n"
    "      Just these: --batch 1,16 is inference of so many images at a time, --train 16 forward\n"
    "      and backward of so many (no optimiser).\n"
    "  bench_networks --network NAME --profile [--batch N] [options]\n"
    "      Inference node by node: kind, shape, algorithm, milliseconds, share, GFLOP/s. A node's\n"
    "      GFLOP/s count the multiply-adds of its definition, twice; an algorithm that gets by with\n"
    "      fewer can pass the peak. Batch norms, additions and ReLUs that were fused are not seen.\n"
    "  bench_networks --peak [options]\n"
    "      What the multiply-add units of so many threads can do.\n"
    "\n"
    "  --size PIXELS      side of the input (default 224; 3 channels)\n"
    "  --width N          base width (default: the architecture's own)\n"
    "  --classes N        outputs (default 2)\n"
    "  --weights FILE     safetensors with PyTorch's names (default: random weights)\n"
    "  --input FILE.npy   float32 images [n][3][size][size]; with --logits, print what the network\n"
    "                     says of them\n"
    "  --logits           print logits, of --input or else of one image of noise\n"
    "  --threads N        default 1\n"
    "  --rounds N         timed runs of each, after one that warms up (default 7)\n"
    "  --seconds S        but no further run once S seconds were measured\n"
    "  --kernels NAME     avx512, avx2 or portable, instead of the best that the processor has\n"
    "  --json             one JSON object instead of text\n"
    "  --help             this text\n"
    "\n"
    "Times are medians; \"best\" is the shortest run. Where they lie far apart the machine was busy, and\n"
    "the figures are worth little. \"cpu\" is the CPU time of all threads together.\n";

static int wrong(const char *option, const char *value, const char *what)
{
    fprintf(stderr, "bench_networks: --%s %s: %s (see --help)\n", option, value, what);
    return EXIT_USAGE;
}

/* @return 0 for anything but a whole number from 1 to `most`. */
static size_t number(const char *text, size_t most, char **end)
{
    unsigned long value;

    if (text[0] < '0' || text[0] > '9')
        return 0;
    errno = 0;
    value = strtoul(text, end, 10);
    return errno == 0 && value >= 1 && value <= most ? value : 0;
}

static size_t whole(const char *text, size_t most)
{
    char *end = NULL;
    const size_t value = number(text, most, &end);

    return value > 0 && *end == '\0' ? value : 0;
}

static bool parse_batches(bench_options *o, const char *text)
{
    o->batch_count = 0;
    for (;;) {
        char *end = NULL;
        const size_t value = number(text, MOST_IMAGES, &end);

        if (value == 0 || o->batch_count == BENCH_MOST_BATCHES)
            return false;
        o->batches[o->batch_count++] = value;
        if (*end == '\0')
            return true;
        if (*end != ',')
            return false;
        text = end + 1;
    }
}

static bool known_network(const char *name)
{
    for (size_t i = 0; i < medtl_architecture_count(); i++)
        if (strcmp(medtl_architecture_name(i), name) == 0)
            return true;
    return false;
}

static int name_network(bench_options *o, const char *name)
{
    if (known_network(name)) {
        snprintf(o->network, sizeof o->network, "%s", name);
        return -1;
    }
    fprintf(stderr, "bench_networks: no network is called %s; there are", name);
    for (size_t i = 0; i < medtl_architecture_count(); i++)
        fprintf(stderr, " %s", medtl_architecture_name(i));
    fprintf(stderr, "\n");
    return EXIT_USAGE;
}

static const struct option names[] = {
    {"network", required_argument, NULL, 'n'}, {"size", required_argument, NULL, 's'},
    {"width", required_argument, NULL, 'w'},   {"classes", required_argument, NULL, 'c'},
    {"weights", required_argument, NULL, 'W'}, {"input", required_argument, NULL, 'i'},
    {"batch", required_argument, NULL, 'b'},   {"train", required_argument, NULL, 't'},
    {"threads", required_argument, NULL, 'T'}, {"rounds", required_argument, NULL, 'r'},
    {"seconds", required_argument, NULL, 'S'}, {"kernels", required_argument, NULL, 'k'},
    {"profile", no_argument, NULL, 'p'},       {"peak", no_argument, NULL, 'P'},
    {"logits", no_argument, NULL, 'l'},        {"json", no_argument, NULL, 'j'},
    {"help", no_argument, NULL, 'h'},          {NULL, 0, NULL, 0}};

/* Options with a number. @return false if the letter is none of these. */
static bool take_number(bench_options *o, int letter, const char *text, bool *good)
{
    char *end = NULL;

    switch (letter) {
    case 's':
        *good = (o->size = (uint32_t)whole(text, MOST_SIDE)) > 0;
        return true;
    case 'w':
        *good = (o->width = (uint32_t)whole(text, MOST_SIDE)) > 0;
        return true;
    case 'c':
        *good = (o->classes = (uint32_t)whole(text, MOST_SIDE)) > 0;
        return true;
    case 'b':
        *good = parse_batches(o, text);
        return true;
    case 't':
        *good = (o->train = whole(text, MOST_IMAGES)) > 0;
        return true;
    case 'T':
        *good = (o->threads = whole(text, MOST_THREADS)) > 0;
        return true;
    case 'r':
        *good = (o->rounds = whole(text, 100000)) > 0;
        return true;
    case 'S':
        o->seconds = strtod(text, &end);
        *good = end != text && *end == '\0' && o->seconds > 0 && o->seconds < 1e6;
        return true;
    default:
        return false;
    }
}

static void take_other(bench_options *o, int letter, const char *text)
{
    switch (letter) {
    case 'W':
        o->weights = text;
        break;
    case 'i':
        o->input = text;
        break;
    case 'k':
        o->kernels = text;
        break;
    case 'p':
        o->profile = true;
        break;
    case 'P':
        o->peak = true;
        break;
    case 'l':
        o->logits = true;
        break;
    case 'j':
        o->json = true;
        break;
    default:
        break;
    }
}

/* ARCHITECTURE [SIZE [WIDTH]] */
static int take_places(bench_options *o, int count, char **words)
{
    if (count > 3)
        return wrong("network", words[0], "too many arguments");
    if (count > 1 && (o->size = (uint32_t)whole(words[1], MOST_SIDE)) == 0)
        return wrong("size", words[1], "not a size in pixels");
    if (count > 2 && (o->width = (uint32_t)whole(words[2], MOST_SIDE)) == 0)
        return wrong("width", words[2], "not a width");
    return count > 0 ? name_network(o, words[0]) : -1;
}

static int complete(bench_options *o)
{
    if (!o->peak && o->network[0] == '\0') {
        fprintf(stderr, "bench_networks: these options want --network NAME (see --help)\n");
        return EXIT_USAGE;
    }
    if (o->profile && (o->train > 0 || o->logits || o->batch_count > 1)) {
        fprintf(stderr, "bench_networks: --profile is of inference with one --batch\n");
        return EXIT_USAGE;
    }
    if (o->batch_count == 0 && o->train == 0)
        o->batches[o->batch_count++] = 1;
    return -1;
}

int bench_options_parse(bench_options *o, int argc, char **argv)
{
    int letter, index = 0, status = -1;

    *o = (bench_options){.usual = true, .size = 224, .classes = 2, .threads = 1, .rounds = 7};
    while ((letter = getopt_long(argc, argv, "", names, &index)) != -1) {
        bool good = true;

        if (letter == 'h') {
            fputs(help, stdout);
            return EXIT_SUCCESS;
        }
        if (letter == '?')
            return EXIT_USAGE; /* getopt_long() said why */
        o->usual = false;
        if (letter == 'n')
            status = name_network(o, optarg);
        else if (!take_number(o, letter, optarg, &good))
            take_other(o, letter, optarg);
        if (!good)
            return wrong(names[index].name, optarg, "not a number that can be");
        if (status != -1)
            return status;
    }
    if (!o->usual && optind < argc)
        return wrong("network", argv[optind], "either options or ARCHITECTURE [SIZE [WIDTH]]");
    return o->usual ? take_places(o, argc - optind, argv + optind) : complete(o);
}
