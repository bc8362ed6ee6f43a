# The convolution kernels, a library of their own so that their tests link nothing else. One source is compiled
# for each instruction set; kernels.c chooses at run time.
set(MEDTL_KERNEL_SOURCES kernels.c kernels_plan.c kernels_shape.c kernels_reference.c kernels_portable.c
  blocked/conv.c blocked/conv_choose.c blocked/conv_parts.c blocked/data_gradient.c blocked/depthwise_training.c blocked/training.c blocked/weight_choose.c blocked/blocked_portable.c
  blocked/int8.c blocked/int8_portable.c)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
  list(APPEND MEDTL_KERNEL_SOURCES kernels_avx2.c kernels_avx512.c blocked/blocked_avx2.c blocked/blocked_avx512.c
    blocked/int8_avx2.c blocked/int8_avx_vnni.c blocked/int8_avx512.c blocked/int8_avx512_vnni.c)
  set_source_files_properties(kernels.c blocked/conv.c blocked/int8.c PROPERTIES COMPILE_DEFINITIONS MEDTL_KERNELS_X86)
  set_source_files_properties(kernels_avx2.c blocked/blocked_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mfma;-ffp-contract=fast")
  set_source_files_properties(kernels_avx512.c blocked/blocked_avx512.c PROPERTIES COMPILE_OPTIONS
    "-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw;-mavx2;-mfma;-mprefer-vector-width=512;-ffp-contract=fast")
  # Nothing contracted: the same bits from every instruction set.
  set_source_files_properties(blocked/int8_avx2.c PROPERTIES COMPILE_OPTIONS "-mavx2;-ffp-contract=off")
  set_source_files_properties(blocked/int8_avx_vnni.c PROPERTIES COMPILE_OPTIONS "-mavx2;-mavxvnni;-ffp-contract=off")
  set_source_files_properties(blocked/int8_avx512.c PROPERTIES COMPILE_OPTIONS
    "-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw;-mavx2;-mprefer-vector-width=512;-ffp-contract=off")
  set_source_files_properties(blocked/int8_avx512_vnni.c PROPERTIES COMPILE_OPTIONS
    "-mavx512f;-mavx512vl;-mavx512dq;-mavx512bw;-mavx512vnni;-mavx2;-mprefer-vector-width=512;-ffp-contract=off")
endif()
set_source_files_properties(blocked/int8_portable.c PROPERTIES COMPILE_FLAGS -ffp-contract=off)
medtl_library(medtl_kernels ${MEDTL_KERNEL_SOURCES})
target_include_directories(medtl_kernels PRIVATE ${PROJECT_SOURCE_DIR})
# These loops are the run time of everything: optimised in every kind of build, but not under the sanitizers, whose checks
# make -O3 take minutes to compile.
if(MEDTL_SANITIZE)
  target_compile_options(medtl_kernels PRIVATE -O1)
else()
  target_compile_options(medtl_kernels PRIVATE -O3)
endif()
