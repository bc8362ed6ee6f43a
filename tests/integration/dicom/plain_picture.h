// A picture as numbers from 0 to 1, and the plainest way to make it smaller.
#ifndef MEDTL_TESTS_PLAIN_PICTURE_H
#define MEDTL_TESTS_PLAIN_PICTURE_H

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

struct plain_picture {
    size_t rows = 0, columns = 0;
    std::vector<double> values; // [rows][columns]

    double at(size_t row, size_t column) const { return values[row * columns + column]; }
};

/// How much input pixel `in` counts for output pixel `out`: a triangle around the output pixel's centre, as wide as
/// two of its own (Pillow's and PyTorch's antialiased bilinear filter).
inline double triangle(size_t in, size_t out, double scale)
{
    const double center = (static_cast<double>(out) + 0.5) * scale;
    const double width = std::max(1.0, scale);

    return std::max(0.0, 1.0 - std::fabs(static_cast<double>(in) + 0.5 - center) / width);
}

/// One axis after the other, with plain double loops.
inline plain_picture shrink(const plain_picture &from, size_t rows, size_t columns)
{
    const auto one_axis = [](const plain_picture &p, size_t outputs) { // along rows
        const double scale = static_cast<double>(p.rows) / static_cast<double>(outputs);
        plain_picture result{outputs, p.columns, std::vector<double>(outputs * p.columns)};

        for (size_t out = 0; out < outputs; out++) {
            double total = 0;
            for (size_t in = 0; in < p.rows; in++) {
                const double weight = triangle(in, out, scale);
                if (weight == 0)
                    continue;
                total += weight;
                for (size_t x = 0; x < p.columns; x++)
                    result.values[out * p.columns + x] += weight * p.at(in, x);
            }
            for (size_t x = 0; x < p.columns; x++)
                result.values[out * p.columns + x] /= total;
        }
        return result;
    };
    const auto transposed = [](const plain_picture &p) {
        plain_picture result{p.columns, p.rows, std::vector<double>(p.values.size())};

        for (size_t y = 0; y < p.rows; y++)
            for (size_t x = 0; x < p.columns; x++)
                result.values[x * p.rows + y] = p.at(y, x);
        return result;
    };

    return transposed(one_axis(transposed(one_axis(from, rows)), columns));
}

inline plain_picture mirrored(plain_picture p)
{
    for (size_t y = 0; y < p.rows; y++)
        std::reverse(p.values.begin() + static_cast<ptrdiff_t>(y * p.columns),
                     p.values.begin() + static_cast<ptrdiff_t>((y + 1) * p.columns));
    return p;
}

#endif
