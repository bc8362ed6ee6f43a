/* Pictures of waves, made from a number: what is done to them is what happens to real ones. */
#include "core/train/fingerprint.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 120, COLUMNS = 160, SAMPLES = 3, MOST = 16 };

typedef struct picture {
    uint32_t rows, columns;
    unsigned char pixels[4 * ROWS * COLUMNS * SAMPLES];
} picture;

/* Eight waves whose directions, lengths and phases come from the seed, at any size. */
static void draw(picture *p, unsigned seed, uint32_t rows, uint32_t columns)
{
    p->rows = rows;
    p->columns = columns;
    for (uint32_t y = 0; y < rows; y++)
        for (uint32_t x = 0; x < columns; x++) {
            const double v = (y + 0.5) / rows, u = (x + 0.5) / columns;
            double level = 0.0;

            for (unsigned k = 1; k <= 8; k++) {
                const double a = fmod(sin(seed * 12.9898 + k * 78.233) * 43758.5453, 1.0);
                const double b = fmod(sin(seed * 39.3467 + k * 11.135) * 24634.6345, 1.0);

                level += sin(20.0 * a * u + 20.0 * b * v + 9.0 * (a + b));
            }
            for (unsigned c = 0; c < SAMPLES; c++)
                p->pixels[((size_t)y * columns + x) * SAMPLES + c] =
                    (unsigned char)(128.0 + 13.0 * level + 3.0 * c);
        }
}

static medtl_fingerprint print_of(const picture *p)
{
    medtl_fingerprint print;
    medtl_error err = {0};

    cr_assert_eq(
        medtl_fingerprint_make(p->rows, p->columns, SAMPLES, 1, 0, p->pixels, &print, &err),
        MEDTL_OK, "%s", err.message);
    return print;
}

static medtl_fingerprint print_of_seed(unsigned seed)
{
    static picture p;

    draw(&p, seed, ROWS, COLUMNS);
    return print_of(&p);
}

/* Do two pictures on two sides look alike? */
static medtl_lookalike compare(const medtl_fingerprint *a, const medtl_fingerprint *b,
                               size_t *count)
{
    const medtl_fingerprint both[2] = {*a, *b};
    const int sides[2] = {0, 1};
    medtl_lookalike pair = {0};
    size_t equal, near;

    cr_assert_eq(medtl_find_lookalikes(both, sides, 2, 1, &pair, 1, &equal, &near, NULL), MEDTL_OK);
    *count = equal + near;
    return pair;
}

static bool look_alike(const medtl_fingerprint *a, const medtl_fingerprint *b)
{
    size_t count;

    (void)compare(a, b, &count);
    return count == 1;
}

Test(fingerprint, the_same_pixels_are_equal_in_whatever_file)
{
    const medtl_fingerprint a = print_of_seed(1), b = print_of_seed(1);
    size_t count;

    cr_expect(compare(&a, &b, &count).equal);
    cr_expect_eq(count, 1);
}

Test(fingerprint, other_pictures_are_not_found)
{
    medtl_fingerprint prints[40];
    int sides[40];
    size_t equal, near;

    for (unsigned i = 0; i < 40; i++) {
        prints[i] = print_of_seed(i);
        sides[i] = (int)i;
    }
    cr_assert_eq(medtl_find_lookalikes(prints, sides, 40, 2, NULL, 0, &equal, &near, NULL),
                 MEDTL_OK);
    cr_expect_eq(equal, 0);
    cr_expect_eq(near, 0);
}

Test(fingerprint, scaled_and_noisy_copies_are_found)
{
    static picture small, noisy;
    const medtl_fingerprint whole = print_of_seed(3);
    medtl_fingerprint print;
    unsigned state = 1;

    draw(&small, 3, 67, 83);
    print = print_of(&small);
    cr_expect(look_alike(&whole, &print));
    draw(&noisy, 3, ROWS, COLUMNS);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS * SAMPLES; i++) {
        state = state * 1664525u + 1013904223u;
        noisy.pixels[i] = (unsigned char)(noisy.pixels[i] + (state >> 28) - 8); /* +-8 levels */
    }
    print = print_of(&noisy);
    cr_expect(look_alike(&whole, &print));
}

Test(fingerprint, copies_in_other_brightness_depth_and_negative_are_found)
{
    static picture p;
    static uint16_t deep[ROWS * COLUMNS * SAMPLES];
    const medtl_fingerprint whole = print_of_seed(4);
    medtl_fingerprint print;
    size_t count;

    draw(&p, 4, ROWS, COLUMNS);
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS * SAMPLES; i++)
        deep[i] = (uint16_t)(300 + 11 * p.pixels[i]);
    cr_assert_eq(medtl_fingerprint_make(ROWS, COLUMNS, SAMPLES, 2, 0, deep, &print, NULL),
                 MEDTL_OK);
    cr_expect(look_alike(&whole, &print));
    for (size_t i = 0; i < (size_t)ROWS * COLUMNS * SAMPLES; i++)
        p.pixels[i] = (unsigned char)(255 - p.pixels[i]);
    print = print_of(&p);
    cr_expect_lt(compare(&whole, &print, &count).correlation, -0.99);
    cr_expect_eq(count, 1);
}

/* A square picture, so that a quarter turn is one of its size. */
Test(fingerprint, turned_and_mirrored_copies_are_found)
{
    static picture p, turned;
    medtl_fingerprint whole, print;

    draw(&p, 5, ROWS, ROWS);
    whole = print_of(&p);
    for (unsigned symmetry = 1; symmetry < 8; symmetry++) {
        turned.rows = turned.columns = ROWS;
        for (size_t y = 0; y < ROWS; y++)
            for (size_t x = 0; x < ROWS; x++) {
                const size_t row = symmetry & 2 ? ROWS - 1 - y : y;
                const size_t column = symmetry & 1 ? ROWS - 1 - x : x;
                const size_t from = symmetry & 4 ? column * ROWS + row : row * ROWS + column;

                memcpy(turned.pixels + (y * ROWS + x) * SAMPLES, p.pixels + from * SAMPLES,
                       SAMPLES);
            }
        print = print_of(&turned);
        cr_expect(look_alike(&whole, &print), "symmetry %u", symmetry);
    }
}

Test(fingerprint, pictures_of_one_tone_are_alike_only_when_equal)
{
    static picture p;
    medtl_fingerprint a, b;

    p.rows = ROWS;
    p.columns = COLUMNS;
    memset(p.pixels, 20, sizeof p.pixels);
    a = print_of(&p);
    p.pixels[0] = 30;
    b = print_of(&p);
    cr_expect_not(look_alike(&a, &b));
    cr_expect(look_alike(&a, &a));
}

Test(fingerprint, only_pairs_on_two_sides_count_and_their_order_is_fixed)
{
    const int sides[MOST] = {0, 0, 1, 1, -1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    medtl_fingerprint prints[MOST];
    medtl_lookalike pairs[2][8];
    static picture bright;
    size_t equal, near;

    for (unsigned i = 0; i < MOST; i++)
        prints[i] = print_of_seed(100 + i);
    prints[1] = prints[0]; /* of one side */
    prints[2] = prints[0]; /* equal to 0 and 1 */
    prints[4] = prints[0]; /* left out */
    draw(&bright, 105, ROWS, COLUMNS);
    for (size_t i = 0; i < sizeof bright.pixels; i++)
        bright.pixels[i] = (unsigned char)(bright.pixels[i] / 2);
    prints[6] = print_of(&bright); /* near to 5 */
    prints[7] = prints[3];
    memset(&prints[7].digest, 0, sizeof prints[7].digest); /* could not be read */
    for (size_t threads = 1; threads <= 2; threads++) {
        memset(pairs[threads - 1], 0, sizeof pairs[0]);
        cr_assert_eq(medtl_find_lookalikes(prints, sides, MOST, threads, pairs[threads - 1], 8,
                                           &equal, &near, NULL),
                     MEDTL_OK);
        cr_expect_eq(equal, 2);
        cr_expect_eq(near, 1);
    }
    cr_expect(pairs[0][0].first == 0 && pairs[0][0].second == 2 && pairs[0][0].equal);
    cr_expect(pairs[0][1].first == 1 && pairs[0][1].second == 2 && pairs[0][1].equal);
    cr_expect(pairs[0][2].first == 5 && pairs[0][2].second == 6 && !pairs[0][2].equal);
    for (size_t i = 0; i < 3; i++)
        cr_expect(pairs[0][i].first == pairs[1][i].first &&
                  pairs[0][i].second == pairs[1][i].second);
}

Test(fingerprint, a_picture_smaller_than_the_grid_has_one)
{
    const unsigned char pixels[6] = {1, 2, 3, 4, 5, 6};
    medtl_fingerprint print;

    cr_expect_eq(medtl_fingerprint_make(2, 3, 1, 1, 0, pixels, &print, NULL), MEDTL_OK);
    cr_expect_eq(print.cells[0], 0);
    cr_expect_eq(print.cells[MEDTL_FINGERPRINT_CELLS - 1], 255);
    cr_expect_eq(medtl_fingerprint_make(0, 3, 1, 1, 0, pixels, &print, NULL), MEDTL_E_ARGUMENT);
}
