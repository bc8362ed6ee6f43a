/* The breast mask on 322 real film mammograms (mini-MIAS), against the side that its labels state: the chest
 * wall of a right breast is at the right edge, and a left one's at the left. */
#include "make.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

Test(films, the_chest_wall_is_found_on_the_labelled_side)
{
    const medtl_normaliser n =
        plain(64, 96, MEDTL_VOI_PERCENTILE, MEDTL_CROP_BREAST, MEDTL_SIDE_LEFT, MEDTL_FIT_STRETCH);
    char line[200];
    int films = 0, right_way = 0, whole = 0;
    FILE *labels;

    labels = open_films("labels.csv");
    if (labels == NULL)
        cr_skip("mini-mias-512 is not there (set MEDTL_TEST_DATA)");
    cr_assert_not_null(fgets(line, sizeof line, labels)); /* image,patient,side,... */
    while (fgets(line, sizeof line, labels) != NULL) {
        char name[50], side;
        medtl_image *image;
        medtl_geometry g;

        cr_assert_eq(sscanf(line, "%49[^,],%*[^,],%c", name, &side), 2, "%s", line);
        image = read_film(name);
        free(run(image, &n, &g));
        films++;
        right_way += g.flipped == (side == 'R');
        whole += g.x1 - g.x0 == image->columns && g.y1 - g.y0 == image->rows;
        medtl_image_destroy(image);
    }
    fclose(labels);
    cr_assert_eq(films, 322);
    /* Without being told the side. Some films were trimmed along the muscle and lean both ways. */
    cr_assert(right_way >= 310, "%d of %d", right_way, films);
    cr_assert(whole <= 3, "no breast found on %d", whole);
}
