#include "labels_options.h"

option labels_root_option(labels_options *l)
{
    return (option){
        OPTION_TEXT, "root",         0,
        "FOLDER",    &l->root,       0,
        0,           SHAPES_NOTHING, "folder that relative files start from, if not the table's"};
}

option labels_columns_option(labels_options *l, option_weight weight)
{
    return (option){OPTION_TEXT,
                    "columns",
                    0,
                    "file=A,label=B,...",
                    &l->columns,
                    0,
                    0,
                    weight,
                    "columns of other names; of file, label, group, fold, photometric (1 or "
                    "MONOCHROME1: stored inverted)"};
}

option labels_map_option(labels_options *l, option_weight weight)
{
    return (option){OPTION_TEXT,
                    "label-map",
                    0,
                    "VALUE=CLASS,...",
                    &l->label_map,
                    0,
                    0,
                    weight,
                    "which class a value of the label column means"};
}
