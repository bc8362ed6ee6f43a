// Prediction, contexts, Golomb codes and runs, step by step as ITU-T T.87 annex A has them.
#include "jpeg_ls_scan.h"

#include "bridge_internal.h"

#include <algorithm>
#include <cstdlib>

namespace medtl_dicom
{
namespace
{

enum { LARGEST_ERROR = 65536, LONGEST_RUN_INDEX = 31, MOST_BITS = 24 };

// T.87 A.2.1: a run's code word of 1 stands for 2^J samples.
const int run_orders[] = {0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2,  2,  3,  3,  3,  3,
                          4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15};

void check(bool holds) { require(holds, MEDTL_E_FORMAT, "the JPEG-LS scan is damaged"); }

int bits_for(int values)
{
    int bits = 0;

    while (1 << bits < values)
        bits++;
    return bits;
}

// T.87 A.4.2: the median edge detector.
int predict(int a, int b, int c)
{
    if (c >= std::max(a, b))
        return std::min(a, b);
    return c <= std::min(a, b) ? std::max(a, b) : a + b - c;
}

int golomb_order(int64_t count, int64_t sum)
{
    int k = 0;

    while (count << k < sum)
        k++;
    return k;
}

} // namespace

jpeg_ls_coding jpeg_ls_defaults(int maxval, int near)
{
    const auto clamp = [&](int value, int low) {
        return value > maxval || value < low ? low : value;
    };
    jpeg_ls_coding p = {maxval, near, 0, 0, 0, 64};

    if (maxval >= 128) {
        const int factor = (std::min(maxval, 4095) + 128) / 256;

        p.t1 = clamp(factor * (3 - 2) + 2 + 3 * near, near + 1);
        p.t2 = clamp(factor * (7 - 3) + 3 + 5 * near, p.t1);
        p.t3 = clamp(factor * (21 - 4) + 4 + 7 * near, p.t2);
    } else {
        const int factor = 256 / (maxval + 1);

        p.t1 = clamp(std::max(2, 3 / factor + 3 * near), near + 1);
        p.t2 = clamp(std::max(3, 7 / factor + 5 * near), p.t1);
        p.t3 = clamp(std::max(4, 21 / factor + 7 * near), p.t2);
    }
    return p;
}

jpeg_ls_scan::jpeg_ls_scan(const jpeg_ls_coding &coding, jpeg_ls_bits bits, size_t width,
                           size_t components, bool by_sample)
    : p_(coding), bits_(bits), width_(width), by_sample_(by_sample), step_(2 * coding.near + 1),
      quantised_(static_cast<size_t>(2 * coding.maxval + 1)), lines_(components)
{
    const int bpp = std::max(2, bits_for(p_.maxval + 1));

    range_ = (p_.maxval + 2 * p_.near) / step_ + 1;
    qbpp_ = bits_for(range_);
    limit_ = 2 * (bpp + std::max(8, bpp));
    for (context &c : contexts_)
        c = {std::max(2, (range_ + 32) / 64), 0, 0, 1};
    for (run_context &r : runs_)
        r = {std::max(2, (range_ + 32) / 64), 1, 0};
    for (int difference = -p_.maxval; difference <= p_.maxval; difference++) { // A.3.3
        const int size = std::abs(difference);
        const int region = size <= p_.near ? 0
                           : size < p_.t1  ? 1
                           : size < p_.t2  ? 2
                           : size < p_.t3  ? 3
                                           : 4;

        quantised_[static_cast<size_t>(difference + p_.maxval)] =
            static_cast<signed char>(difference < 0 ? -region : region);
    }
    for (pair_of_lines &l : lines_)
        l = {std::vector<uint16_t>(width + 2), std::vector<uint16_t>(width + 2), 0};
}

// A.3.1 to A.3.4: 0 for a run; negative where the error's sign is turned round. Index 1 of a line is its first sample.
int jpeg_ls_scan::context_at(const pair_of_lines &l, size_t x) const
{
    const int a = l.now[x], b = l.before[x + 1], c = l.before[x], d = l.before[x + 2];

    return 81 * quantise(d - b) + 9 * quantise(b - c) + quantise(c - a);
}

// A.5.3.
int jpeg_ls_scan::golomb(int k, int limit)
{
    const int zeros = bits_.zeros(), longest = limit - qbpp_ - 1;

    check(zeros <= longest);
    if (zeros == longest)
        return bits_.value(qbpp_) + 1;
    check(k <= MOST_BITS);
    return zeros << k | bits_.value(k);
}

// A.4.5 and A.5.4, the last steps: back into the range, modulo.
uint16_t jpeg_ls_scan::reconstruct(int predicted, int error) const
{
    int value = predicted + error * step_;

    if (value < -p_.near)
        value += range_ * step_;
    else if (value > p_.maxval + p_.near)
        value -= range_ * step_;
    return static_cast<uint16_t>(std::clamp(value, 0, p_.maxval));
}

// A.4 to A.6: a sample with a context.
uint16_t jpeg_ls_scan::regular(const pair_of_lines &l, size_t x, int which)
{
    const bool turned = which < 0;
    context &c = contexts_[std::abs(which)];
    const int predicted = std::clamp(
        predict(l.now[x], l.before[x + 1], l.before[x]) + (turned ? -c.c : c.c), 0, p_.maxval);
    const int k = golomb_order(c.n, c.a), mapped = golomb(k, limit_);
    int error = (mapped & 1) != 0 ? -((mapped + 1) >> 1) : mapped >> 1;

    if (p_.near == 0 && k == 0 && 2 * c.b <= -c.n)
        error = -error - 1;
    check(std::abs(error) <= LARGEST_ERROR);
    c.b += error * step_;
    c.a += std::abs(error);
    if (c.n == p_.reset) {
        c.a >>= 1;
        c.b >>= 1;
        c.n >>= 1;
    }
    c.n++;
    if (c.b <= -c.n) {
        c.b = std::max(c.b + c.n, 1 - c.n);
        c.c = std::max(c.c - 1, -128);
    } else if (c.b > 0) {
        c.b = std::min(c.b - c.n, 0);
        c.c = std::min(c.c + 1, 127);
    }
    return reconstruct(predicted, turned ? -error : error);
}

// A.7.2: the sample that ends a run. @param type  1 where the neighbours a and b are alike.
uint16_t jpeg_ls_scan::interrupted(int a, int b, size_t run_index, int type)
{
    run_context &r = runs_[type];
    const int k = golomb_order(r.n, type == 1 ? r.a + (r.n >> 1) : r.a);
    const int mapped = golomb(k, limit_ - run_orders[run_index] - 1);
    const int both = mapped + type, map = both & 1, size = (both + map) / 2;
    const bool negative = (k != 0 || 2 * r.negative >= r.n) == (map != 0);
    int error = negative ? -size : size;

    check(size <= LARGEST_ERROR);
    r.negative += error < 0;
    r.a += (mapped + 1 - type) >> 1;
    if (r.n == p_.reset) {
        r.a >>= 1;
        r.n >>= 1;
        r.negative >>= 1;
    }
    r.n++;
    if (type == 0 && a > b)
        error = -error;
    return reconstruct(type == 1 ? a : b, error);
}

// A.7.1: samples from x on that repeat the one before; up to the line's end, or to an interruption.
size_t jpeg_ls_scan::run_length(size_t x, size_t &run_index)
{
    const size_t left = width_ - x;
    size_t length = 0;

    while (bits_.bit()) {
        const size_t whole = static_cast<size_t>(1) << run_orders[run_index];

        if (whole > left - length)
            return left;
        length += whole;
        if (run_index < LONGEST_RUN_INDEX)
            run_index++;
        if (length == left)
            return left;
    }
    length += static_cast<size_t>(bits_.value(run_orders[run_index]));
    check(length <= left);
    return length;
}

void jpeg_ls_scan::decode_line(pair_of_lines &l)
{
    for (size_t x = 0; x < width_;) {
        const int which = context_at(l, x);

        if (which != 0) {
            l.now[x + 1] = regular(l, x, which);
            x++;
            continue;
        }
        const int a = l.now[x];
        const size_t length = run_length(x, l.run_index);

        std::fill_n(l.now.begin() + static_cast<ptrdiff_t>(x + 1), length,
                    static_cast<uint16_t>(a));
        x += length;
        if (x < width_) {
            const int b = l.before[x + 1];

            l.now[x + 1] = interrupted(a, b, l.run_index, std::abs(a - b) <= p_.near);
            l.run_index -= l.run_index > 0;
            x++;
        }
    }
}

// A run goes on in all components at once, and a sample that ends one is of type 0 (T.87 annex B).
void jpeg_ls_scan::decode_samples()
{
    size_t &run_index = lines_[0].run_index;

    for (size_t x = 0; x < width_;) {
        bool run = true;

        for (const pair_of_lines &l : lines_)
            run = run && context_at(l, x) == 0;
        if (!run) {
            for (pair_of_lines &l : lines_)
                l.now[x + 1] = regular(l, x, context_at(l, x));
            x++;
            continue;
        }
        const size_t length = run_length(x, run_index);

        for (pair_of_lines &l : lines_)
            std::fill_n(l.now.begin() + static_cast<ptrdiff_t>(x + 1), length, l.now[x]);
        x += length;
        if (x == width_)
            continue;
        for (pair_of_lines &l : lines_)
            l.now[x + 1] = interrupted(l.now[x], l.before[x + 1], run_index, 0);
        run_index -= run_index > 0;
        x++;
    }
}

void jpeg_ls_scan::next_line()
{
    for (pair_of_lines &l : lines_) {
        std::swap(l.before, l.now);
        l.before[width_ + 1] = l.before[width_];
        l.now[0] = l.before[1];
    }
    if (by_sample_)
        decode_samples();
    else
        for (pair_of_lines &l : lines_)
            decode_line(l);
    require(!bits_.overrun(), MEDTL_E_FORMAT, "the JPEG-LS scan is cut off");
}

} // namespace medtl_dicom
