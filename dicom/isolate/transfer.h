// Instances and images as messages. Whatever is added to medtl_facts, medtl_instance or medtl_image goes
// through here too, or an isolated reader would lose it.
#ifndef MEDTL_DICOM_ISOLATE_TRANSFER_H
#define MEDTL_DICOM_ISOLATE_TRANSFER_H

#include "instance_internal.h"
#include "isolate/message.h"
#include "pixels.h"

namespace medtl_dicom
{

/// All but path and memory, which the asking side knows.
void put_instance(const medtl_instance &instance, message_writer &to);
std::unique_ptr<medtl_instance> get_instance(message_reader &from);

/// All but the pixels, which travel beside the message.
void put_image(const medtl_image &image, message_writer &to);
/// With pixels of zeros. Throws failure where a member is impossible.
image_pointer get_image(message_reader &from);

/// Throws failure.
medtl_geometry get_geometry(message_reader &from);
medtl_outline get_outline(message_reader &from);

/// How many bytes the pixels take.
size_t pixel_bytes(const medtl_image &image);

} // namespace medtl_dicom

#endif
