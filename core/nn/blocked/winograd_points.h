/* The constants of Winograd's minimal filtering with the points 0, 1, -1, 2, -2, 1/2, -1/2 (as many as are needed)
 * and infinity, by the Toom-Cook construction (Winograd 1980; Lavin and Gray 2016). With N_p(x) the product of
 * (x - q) over all finite points q but p:
 *
 *   row p of B^T: the coefficients of N_p; the last row: of the product over all finite points.
 *   row p of G:   the powers of p, divided by N_p(p); the last row picks the last tap.
 *   row i of A^T: the i-th powers of the points; the last row has a 1 for infinity.
 *
 * y = A^T ((G g) * (B^T d)). All values of B^T and A^T are small dyadic fractions, exact in binary. */
#ifndef MEDTL_NN_BLOCKED_WINOGRAD_POINTS_H
#define MEDTL_NN_BLOCKED_WINOGRAD_POINTS_H

enum { WINOGRAD_MOST_POINTS = 8 };

static const float winograd_point[WINOGRAD_MOST_POINTS - 1] = {0.0f,  1.0f, -1.0f, 2.0f,
                                                               -2.0f, 0.5f, -0.5f};

static const float winograd_input_4[4][4] = {
    {-1, 0, 1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
static const float winograd_input_5[5][5] = {
    {2, -1, -2, 1, 0}, {0, -2, -1, 1, 0}, {0, 2, -3, 1, 0}, {0, -1, 0, 1, 0}, {0, 2, -1, -2, 1}};
static const float winograd_input_6[6][6] = {{4, 0, -5, 0, 1, 0},  {0, -4, -4, 1, 1, 0},
                                             {0, 4, -4, -1, 1, 0}, {0, -2, -1, 2, 1, 0},
                                             {0, 2, -1, -2, 1, 0}, {0, 4, 0, -5, 0, 1}};
static const float winograd_input_7[7][7] = {
    {-2, 4, 2.5f, -5, -0.5f, 1, 0}, {0, 2, -2, -4.5f, 0.5f, 1, 0}, {0, -2, 6, -3.5f, -1.5f, 1, 0},
    {0, 1, -1.5f, -2, 1.5f, 1, 0},  {0, -1, 2.5f, 0, -2.5f, 1, 0}, {0, 4, 0, -5, 0, 1, 0},
    {0, -2, 4, 2.5f, -5, -0.5f, 1}};
static const float winograd_input_8[8][8] = {
    {-1, 0, 5.25f, 0, -5.25f, 0, 1, 0},        {0, 1, 1, -4.25f, -4.25f, 1, 1, 0},
    {0, -1, 1, 4.25f, -4.25f, -1, 1, 0},       {0, 0.5f, 0.25f, -2.5f, -1.25f, 2, 1, 0},
    {0, -0.5f, 0.25f, 2.5f, -1.25f, -2, 1, 0}, {0, 2, 4, -2.5f, -5, 0.5f, 1, 0},
    {0, -2, 4, 2.5f, -5, -0.5f, 1, 0},         {0, -1, 0, 5.25f, 0, -5.25f, 0, 1}};

#endif
