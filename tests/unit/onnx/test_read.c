/* ONNX files that break the rules are refused, and the message names the node or tensor. Files are made with protobuf-c
 * from a small graph that is fine: x [1][2] -> Relu -> a; a + w -> y. */
#include "core/nn/tensor/nd_plan.h"
#include "core/onnx/onnx_read.h"

#include <criterion/criterion.h>
#include <onnx.pb-c.h>
#include <stdlib.h>
#include <string.h>

/* A model and everything it points to, to be changed by a test before it is packed. */
typedef struct model {
    Onnx__ModelProto proto;
    Onnx__GraphProto graph;
    Onnx__OperatorSetIdProto opset, *opsets[1];
    Onnx__NodeProto relu, add, *nodes[2];
    char *relu_in[1], *relu_out[1], *add_in[2], *add_out[1];
    Onnx__AttributeProto attribute, *attributes[1];
    Onnx__TensorProto w, *tensors[1];
    int64_t dims[2];
    float values[2];
    Onnx__ValueInfoProto x, y, *inputs[1], *outputs[1];
    Onnx__TypeProto type;
    Onnx__TypeProto__Tensor tensor_type;
    Onnx__TensorShapeProto shape;
    Onnx__TensorShapeProto__Dimension one, two, *sizes[2];
} model;

static model m;

static void make_tensors(void)
{
    m.w = (Onnx__TensorProto)ONNX__TENSOR_PROTO__INIT;
    m.dims[0] = 1;
    m.dims[1] = 2;
    m.values[0] = 10.0f;
    m.values[1] = 20.0f;
    m.w.name = (char *)"w";
    m.w.dims = m.dims;
    m.w.n_dims = 2;
    m.w.has_data_type = true;
    m.w.data_type = 1;
    m.w.float_data = m.values;
    m.w.n_float_data = 2;
    m.tensors[0] = &m.w;
}

static void make_inputs(void)
{
    m.x = m.y = (Onnx__ValueInfoProto)ONNX__VALUE_INFO_PROTO__INIT;
    m.type = (Onnx__TypeProto)ONNX__TYPE_PROTO__INIT;
    m.tensor_type = (Onnx__TypeProto__Tensor)ONNX__TYPE_PROTO__TENSOR__INIT;
    m.shape = (Onnx__TensorShapeProto)ONNX__TENSOR_SHAPE_PROTO__INIT;
    m.one = m.two = (Onnx__TensorShapeProto__Dimension)ONNX__TENSOR_SHAPE_PROTO__DIMENSION__INIT;
    m.one.value_case = m.two.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
    m.one.dim_value = 1;
    m.two.dim_value = 2;
    m.sizes[0] = &m.one;
    m.sizes[1] = &m.two;
    m.shape.dim = m.sizes;
    m.shape.n_dim = 2;
    m.tensor_type.has_elem_type = true;
    m.tensor_type.elem_type = 1;
    m.tensor_type.shape = &m.shape;
    m.type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    m.type.tensor_type = &m.tensor_type;
    m.x.name = (char *)"x";
    m.x.type = &m.type;
    m.y.name = (char *)"y";
    m.inputs[0] = &m.x;
    m.outputs[0] = &m.y;
}

static void make_nodes(void)
{
    m.relu = m.add = (Onnx__NodeProto)ONNX__NODE_PROTO__INIT;
    m.attribute = (Onnx__AttributeProto)ONNX__ATTRIBUTE_PROTO__INIT;
    m.relu_in[0] = (char *)"x";
    m.relu_out[0] = (char *)"a";
    m.add_in[0] = (char *)"a";
    m.add_in[1] = (char *)"w";
    m.add_out[0] = (char *)"y";
    m.relu.name = (char *)"first";
    m.relu.op_type = (char *)"Relu";
    m.relu.input = m.relu_in;
    m.relu.output = m.relu_out;
    m.relu.n_input = m.relu.n_output = m.add.n_output = 1;
    m.add.name = (char *)"second";
    m.add.op_type = (char *)"Add";
    m.add.input = m.add_in;
    m.add.output = m.add_out;
    m.add.n_input = 2;
    m.attributes[0] = &m.attribute;
    m.relu.attribute = m.add.attribute = m.attributes;
    m.nodes[0] = &m.relu;
    m.nodes[1] = &m.add;
}

static void make_model(void)
{
    memset(&m, 0, sizeof m);
    m.proto = (Onnx__ModelProto)ONNX__MODEL_PROTO__INIT;
    m.graph = (Onnx__GraphProto)ONNX__GRAPH_PROTO__INIT;
    m.opset = (Onnx__OperatorSetIdProto)ONNX__OPERATOR_SET_ID_PROTO__INIT;
    make_tensors();
    make_inputs();
    make_nodes();
    m.opset.has_version = true;
    m.opset.version = 13;
    m.opsets[0] = &m.opset;
    m.proto.has_ir_version = true;
    m.proto.ir_version = 7;
    m.proto.opset_import = m.opsets;
    m.proto.n_opset_import = 1;
    m.proto.graph = &m.graph;
    m.graph.node = m.nodes;
    m.graph.n_node = 2;
    m.graph.initializer = m.tensors;
    m.graph.n_initializer = 1;
    m.graph.input = m.inputs;
    m.graph.n_input = 1;
    m.graph.output = m.outputs;
    m.graph.n_output = 1;
}

static medtl_status read_model(medtl_error *err)
{
    const medtl_onnx_options options = {{0}, NULL, 0};
    const size_t size = onnx__model_proto__get_packed_size(&m.proto);
    unsigned char *bytes = malloc(size);
    medtl_nd_graph *graph = NULL;
    medtl_nd_plan plan;
    medtl_status status;

    onnx__model_proto__pack(&m.proto, bytes);
    status = medtl_onnx_parse("net.onnx", bytes, size, &options, &graph, err);
    free(bytes);
    if (status != MEDTL_OK) {
        cr_expect_null(graph);
        return status;
    }
    status = medtl_nd_plan_create_take(graph, &plan, err);
    if (status == MEDTL_OK)
        medtl_nd_plan_clear(&plan);
    else
        medtl_nd_graph_destroy(graph);
    return status;
}

TestSuite(onnx_read, .init = make_model);

#define REFUSED(expected, text)                                                                    \
    do {                                                                                           \
        medtl_error e = {0};                                                                       \
        cr_expect_eq(read_model(&e), expected, "%s", e.message);                                   \
        cr_expect_not_null(strstr(e.message, text), "%s", e.message);                              \
        cr_expect_eq(strncmp(e.message, "net.onnx: ", 10), 0, "%s", e.message);                    \
    } while (0)

Test(onnx_read, a_file_by_the_rules_is_read)
{
    medtl_error err = {0};

    cr_expect_eq(read_model(&err), MEDTL_OK, "%s", err.message);
}

Test(onnx_read, a_cycle_is_refused_with_its_node)
{
    m.relu_in[0] = (char *)"y";
    REFUSED(MEDTL_E_FORMAT, "node \"first\" (Relu, opset 13): reads \"y\"");
}

Test(onnx_read, a_dangling_input_is_refused_with_its_node)
{
    m.add_in[1] = (char *)"nobody";
    REFUSED(MEDTL_E_FORMAT, "node \"second\" (Add, opset 13): reads \"nobody\"");
}

Test(onnx_read, a_tensor_written_twice_is_refused)
{
    m.add_out[0] = (char *)"a";
    REFUSED(MEDTL_E_FORMAT, "tensor \"a\" is written twice");
}

Test(onnx_read, an_output_that_nobody_writes_is_refused)
{
    m.y.name = (char *)"z";
    REFUSED(MEDTL_E_FORMAT, "\"z\"");
}

Test(onnx_read, an_operator_that_we_lack_is_named_with_its_node_and_opset)
{
    m.relu.op_type = (char *)"LSTM";
    REFUSED(MEDTL_E_UNSUPPORTED, "node \"first\": the operator LSTM (opset 13)");
}

Test(onnx_read, an_operator_of_another_domain_is_named)
{
    m.relu.domain = (char *)"com.example";
    REFUSED(MEDTL_E_UNSUPPORTED,
            "node \"first\" (Relu, opset 13): an operator of another domain: com.example");
}

Test(onnx_read, an_attribute_that_would_change_the_meaning_is_refused)
{
    m.attribute.name = (char *)"upside_down";
    m.attribute.has_type = m.attribute.has_i = true;
    m.attribute.type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    m.relu.n_attribute = 1;
    REFUSED(MEDTL_E_UNSUPPORTED, "node \"first\" (Relu, opset 13): the attribute \"upside_down\"");
}

Test(onnx_read, a_shape_larger_than_its_data_is_refused)
{
    m.dims[1] = 3;
    REFUSED(MEDTL_E_FORMAT, "tensor \"w\": its shape asks for 3 elements, and it holds 2");
}

Test(onnx_read, an_absurd_shape_is_refused_before_anything_is_allocated)
{
    m.dims[0] = m.dims[1] = (int64_t)1 << 40;
    REFUSED(MEDTL_E_FORMAT, "tensor \"w\"");
    m.dims[0] = m.dims[1] = (int64_t)1 << 20;
    REFUSED(MEDTL_E_FORMAT, "tensor \"w\"");
    m.dims[0] = -1;
    REFUSED(MEDTL_E_FORMAT, "tensor \"w\"");
}

Test(onnx_read, raw_data_of_another_length_are_refused)
{
    m.w.n_float_data = 0;
    m.w.has_raw_data = true;
    m.w.raw_data = (ProtobufCBinaryData){7, (uint8_t *)m.values};
    REFUSED(MEDTL_E_FORMAT, "tensor \"w\"");
}

Test(onnx_read, data_in_another_file_are_refused)
{
    m.w.has_data_location = true;
    m.w.data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    REFUSED(MEDTL_E_UNSUPPORTED, "tensor \"w\": its data are in another file");
}

Test(onnx_read, element_types_that_we_lack_are_named)
{
    m.w.data_type = 11;
    REFUSED(MEDTL_E_UNSUPPORTED, "tensor \"w\": elements of float64");
    make_model();
    m.tensor_type.elem_type = 10;
    REFUSED(MEDTL_E_UNSUPPORTED, "input \"x\": elements of float16");
}

Test(onnx_read, an_open_size_must_be_given)
{
    m.two.value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    m.two.dim_param = (char *)"width";
    REFUSED(MEDTL_E_ARGUMENT, "input \"x\" leaves size 1 open");
}

Test(onnx_read, shapes_that_do_not_fit_are_refused_with_their_node)
{
    m.two.dim_value = 3;
    REFUSED(MEDTL_E_FORMAT, "node \"second\" (Add, opset 13): shapes do not broadcast");
}

Test(onnx_read, opsets_out_of_range_or_unsaid_are_refused)
{
    m.opset.version = 18;
    REFUSED(MEDTL_E_UNSUPPORTED, "opset 18");
    m.opset.version = -1;
    REFUSED(MEDTL_E_UNSUPPORTED, "opset -1");
    m.proto.n_opset_import = 0;
    REFUSED(MEDTL_E_FORMAT, "does not say which opset");
}

/* Each level is a graph in an attribute of the only node of the level above: five bytes more of lengths and keys. */
Test(onnx_read, endless_nesting_is_refused_and_does_not_eat_the_stack)
{
    enum { LEVELS = 20000, ROOM = LEVELS * 16 };
    const medtl_onnx_options options = {{0}, NULL, 0};
    unsigned char *bytes = malloc(ROOM), *at = bytes + ROOM;
    medtl_nd_graph *graph;
    medtl_error err = {0};

    for (int i = 0; i < LEVELS * 3 - 2;
         i++) { /* from the inside out: model.graph, graph.node, node.attribute, .g */
        static const unsigned char keys[] = {6 << 3 | 2, 5 << 3 | 2, 1 << 3 | 2};
        size_t length = (size_t)(bytes + ROOM - at), groups = 1;

        for (size_t rest = length >> 7; rest > 0; rest >>= 7)
            groups++;
        at -= groups;
        for (size_t k = 0; k < groups; k++)
            at[k] = (unsigned char)((length >> (7 * k) & 0x7f) | (k + 1 < groups ? 0x80 : 0));
        *--at = i == LEVELS * 3 - 3 ? 7 << 3 | 2 : keys[i % 3];
    }
    cr_expect_eq(
        medtl_onnx_parse("net.onnx", at, (size_t)(bytes + ROOM - at), &options, &graph, &err),
        MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "levels deep"), "%s", err.message);
    free(bytes);
}

Test(onnx_read, bytes_that_are_no_onnx_are_refused)
{
    static const unsigned char bytes[] = "\x89PNG not a network at all";
    const medtl_onnx_options options = {{0}, NULL, 0};
    medtl_nd_graph *graph;
    medtl_error err = {0};

    cr_expect_eq(medtl_onnx_parse("net.onnx", bytes, sizeof bytes, &options, &graph, &err),
                 MEDTL_E_FORMAT);
    cr_expect_eq(medtl_onnx_parse("net.onnx", bytes, 0, &options, &graph, &err), MEDTL_E_FORMAT);
    cr_expect_not_null(strstr(err.message, "net.onnx"), "%s", err.message);
}
