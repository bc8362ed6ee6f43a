// File descriptors with an owner.
#ifndef MEDTL_DICOM_DESCRIPTOR_H
#define MEDTL_DICOM_DESCRIPTOR_H

#include <unistd.h>
#include <utility>

namespace medtl_dicom
{

class descriptor
{
  public:
    explicit descriptor(int number = -1) : number_(number) {}
    ~descriptor()
    {
        if (number_ >= 0)
            close(number_);
    }
    descriptor(descriptor &&other) noexcept : number_(other.release()) {}
    descriptor &operator=(descriptor &&other) noexcept
    {
        std::swap(number_, other.number_);
        return *this;
    }
    int get() const { return number_; }
    int release() { return std::exchange(number_, -1); }

  private:
    int number_;
};

} // namespace medtl_dicom

#endif
