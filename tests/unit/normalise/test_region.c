/* Masks small enough to be drawn. */
#include "make.h"

#include <criterion/criterion.h>
#include <string.h>

enum { SIDE = 9 };

static void draw(const char *rows[SIDE], unsigned char *mask)
{
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++)
            mask[y * SIDE + x] = rows[y][x] == '#';
}

static void check(const char *before[SIDE], uint32_t radius, const char *after[SIDE],
                  uint32_t expected_area)
{
    unsigned char mask[SIDE * SIDE], expected[SIDE * SIDE];
    uint32_t area;

    draw(before, mask);
    draw(after, expected);
    cr_assert_eq(medtl_largest_region(mask, SIDE, SIDE, radius, &area, NULL), MEDTL_OK);
    cr_assert_eq(area, expected_area, "area %u", area);
    cr_assert_arr_eq(mask, expected, sizeof mask);
}

Test(region, the_largest_region_stays_alone)
{
    const char *before[SIDE] = {"##.....##", "##.....##", ".........", ".........", "...####..",
                                "...####..", "...####..", "...####..", "........."};
    const char *after[SIDE] = {".........", ".........", ".........", ".........", "...####..",
                               "...####..", "...####..", "...####..", "........."};

    check(before, 0, after, 16);
    check(before, 1, after, 16);
}

Test(region, lines_and_thin_bridges_go_and_corners_stay)
{
    const char *before[SIDE] = {"....#....", "....#....", "....#....", ".####....", ".####....",
                                ".####....", ".########", ".........", "........#"};
    const char *after[SIDE] = {".........", ".........", "....#....", ".####....", ".####....",
                               ".####....", ".#####...", ".........", "........."};

    check(before, 1, after, 18);
}

Test(region, nothing_gives_nothing)
{
    const char *empty[SIDE] = {".........", ".........", ".........", ".........", ".........",
                               ".........", ".........", ".........", "........."};
    const char *specks[SIDE] = {"#.#.#.#.#", ".........", "#.#.#.#.#", ".........", "#.#.#.#.#",
                                ".........", "#.#.#.#.#", ".........", "#.#.#.#.#"};

    check(empty, 0, empty, 0);
    check(specks, 1, empty, 0);
}

Test(region, diagonal_neighbours_do_not_connect)
{
    const char *before[SIDE] = {"##.......", "##.......", "..###....", "..###....", "..###....",
                                ".........", ".........", ".........", "........."};
    const char *after[SIDE] = {".........", ".........", "..###....", "..###....", "..###....",
                               ".........", ".........", ".........", "........."};

    check(before, 0, after, 9);
}

Test(region, holes_are_filled_and_bays_are_not)
{
    const char *before[SIDE] = {"###......", "#.#..####", "###..#..#", ".....#.##", "####.###.",
                                "#..#.....", "#..#####.", "#......#.", "#.######."};
    const char *after[SIDE] = {"###......", "###..####", "###..####", ".....####", "####.###.",
                               "#..#.....", "#..#####.", "#......#.", "#.######."};
    unsigned char mask[SIDE * SIDE], expected[SIDE * SIDE];

    draw(before, mask);
    draw(after, expected);
    cr_assert_eq(medtl_fill_holes(mask, SIDE, SIDE, NULL), MEDTL_OK);
    cr_assert_arr_eq(mask, expected, sizeof mask);
}
