// TID 1001 Observation Context: who observed. Procedure and subject are those of the report's
// header, so TID 1005 and 1006 have nothing to add.
#include "equipment.h"
#include "templates.h"

namespace medtl_dicom
{
namespace
{

// TID 1004 Device Observer Identifying Attributes.
void write_tid1004(content &tree, const report_context &context)
{
    const equipment device = equipment_of(context.request);

    tree.uid(has_obs_context, MEDTL_CONCEPT_DEVICE_UID, context.device_uid.c_str());    // row 1
    tree.text(has_obs_context, MEDTL_CONCEPT_DEVICE_NAME, device.name);                 // row 2
    tree.text(has_obs_context, MEDTL_CONCEPT_DEVICE_MANUFACTURER, device.manufacturer); // row 3
    tree.text(has_obs_context, MEDTL_CONCEPT_DEVICE_MODEL, device.model);               // row 4
    tree.text(has_obs_context, MEDTL_CONCEPT_DEVICE_SERIAL, device.serial);             // row 5
}

// TID 1002 Observer Context.
void write_tid1002(content &tree, const report_context &context)
{
    tree.code(has_obs_context, MEDTL_CONCEPT_OBSERVER_TYPE, MEDTL_CONCEPT_DEVICE); // row 1
    write_tid1004(tree, context);                                                  // row 3
}

} // namespace

void write_tid1001(content &tree, const report_context &context)
{
    write_tid1002(tree, context); // row 1
}

} // namespace medtl_dicom
