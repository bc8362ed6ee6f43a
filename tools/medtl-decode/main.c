/* medtl-decode: reads DICOM files for a medtl that wants to survive them. Started by it, with a socket and two
 * files in memory; never by hand. */
#include "dicom/isolate/serve.h"
#include "dicom/logging.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    if (argc != 3 || fcntl(3, F_GETFD) < 0) {
        fputs(
            "medtl-decode reads DICOM files in a process of its own. It is started by dcm-medtl and by\n"
            "medtl's plugins where isolation is asked for, and does nothing by itself.\n",
            stderr);
        return 2;
    }
    medtl_dicom_quiet_logs();
    return medtl_isolate_serve(strtoull(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10));
}
