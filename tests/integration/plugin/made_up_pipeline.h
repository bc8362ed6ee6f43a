/* A pipeline without DICOM or networks behind pipeline.h, for what the C ABI itself promises: order,
 * waiting, cancelling, ownership. What an object does follows from its name. */
#ifndef MADE_UP_PIPELINE_H
#define MADE_UP_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

/* Objects: "slow..." are analysed when the gate opens, "bad..." fail, "text..." are not DICOM, all
 * others are analysed at once. Each batch makes one report per task whose bytes are "report of N". */
void made_up_gate(bool open);

/* Things made and not yet destroyed: pipelines and batches. */
int made_up_alive(void);
/** Of the latest pipeline that was told to isolate; 0: none. */
uint32_t made_up_timeout(void);

#endif
