# The convolution kernels, a library of their own so that their tests link nothing else.
set(MEDTL_KERNEL_SOURCES kernels.c kernels_shape.c kernels_reference.c)
medtl_library(medtl_kernels ${MEDTL_KERNEL_SOURCES})
# A debug build of these loops would make every test of a network crawl.
if(NOT MEDTL_SANITIZE)
  target_compile_options(medtl_kernels PRIVATE -O3)
endif()
