/*
 * A small wire format with every kind of row, for the tests of the engine.
 */
#ifndef TOY_FORMAT_H
#define TOY_FORMAT_H

#include "base/wire.h"

static const struct name toy_colour_rows[] = {
	{ 1, "RED",  "toy" },
	{ 2, "BLUE", "toy" },
};
static const struct names toy_colours = { "colours", toy_colour_rows, 2 };

#define TOY_HEAD                                                                  \
	{ "next", WIRE_NEXT, 8 }, { "flag", WIRE_UINT, 1 },                       \
	{ "spare", WIRE_RESERVED, 7 }, { "length", WIRE_LENGTH, 16 }

/* Type 1: coloured, a SIZE with its octets, a fixed field, a REST. */
static const struct wire_row toy_box_rows[] = {
	TOY_HEAD,
	{ "colour", WIRE_UINT, 8, .names = &toy_colours, .constant = 1 },
	{ "tag_size", WIRE_SIZE, 8, .of = "tag" },
	{ "tag", WIRE_OCTETS },
	{ "stamp", WIRE_OCTETS, 16 },
	{ "data", WIRE_REST },
};
static const struct wire_format toy_box = { "BOX", "a box", "toy 1", toy_box_rows, 9, "colour", "Crate Case" };

/* Type 2: counted pairs in front of a checksum; MORE in each pair. */
static const struct wire_row toy_pair_rows[] = {
	{ "more", WIRE_MORE, 8, .constant = 3 },
	{ "value", WIRE_UINT, 24 },
};
static const struct wire_format toy_pair = { "pair", "a pair", "toy 2", toy_pair_rows, 2, NULL };
static const struct wire_row toy_pairs_rows[] = {
	TOY_HEAD,
	{ "count", WIRE_COUNT, 8, .of = "items" },
	{ "items", WIRE_LIST, .item = &toy_pair },
	{ "sum", WIRE_COMPUTED, 16 },
};
static const struct wire_format toy_pairs = { "PAIRS", "pairs", "toy 2", toy_pairs_rows, 7, NULL };

/* Type 3: a variant by kind; a second length inside. */
static const struct wire_row toy_number_rows[] = { { "value", WIRE_UINT, 16, .constant = 7 } };
static const struct wire_row toy_text_rows[] = { { "text", WIRE_REST } };
static const struct wire_format toy_number = { "number", "", "toy 3", toy_number_rows, 1, NULL };
static const struct wire_format toy_text = { "text", "", "toy 3", toy_text_rows, 1, NULL };
static const struct wire_choice toy_kind_rows[] = { { 1, &toy_number }, { 2, &toy_text } };
static const struct wire_choices toy_kinds = { toy_kind_rows, 2, NULL };
static const struct wire_row toy_any_rows[] = {
	TOY_HEAD,
	{ "kind", WIRE_UINT, 8, .constant = 1 },
	{ "inner", WIRE_LENGTH, 8, .of = "kind" },
	{ "variant", WIRE_CHOICE, .of = "kind", .choices = &toy_kinds },
};
static const struct wire_format toy_any = { "ANY", "a variant", "toy 3", toy_any_rows, 7, "kind" };

/* Type 4: sealed; its NEXT names what is inside, and the chain ends. */
static const struct wire_row toy_sealed_rows[] = {
	{ "next", WIRE_NEXT, 8, .of = "body" },
	{ "length", WIRE_LENGTH, 8 },
	{ "body", WIRE_REST },
};
static const struct wire_format toy_sealed = { "SEALED", "sealed", "toy 4", toy_sealed_rows, 3, NULL };

/* Type 5: a tree in a tree in a tree. */
static const struct wire_format toy_nest;
static const struct wire_row toy_nest_rows[] = {
	{ "next", WIRE_NEXT, 8 },
	{ "length", WIRE_LENGTH, 8 },
	{ "inside", WIRE_LIST, .item = &toy_nest },
};
static const struct wire_format toy_nest = { "NEST", "a nest", "toy 5", toy_nest_rows, 3, NULL };

/* Type 6: sizes of a list's elements come from the field around it. */
static const struct wire_row toy_id_rows[] = { { "id", WIRE_OCTETS, .of = "id_size" } };
static const struct wire_format toy_id = { "ID", "an id", "toy 6", toy_id_rows, 1, NULL };
static const struct wire_row toy_ids_rows[] = {
	TOY_HEAD,
	{ "id_size", WIRE_SIZE, 8, .of = "ids" },
	{ "id_count", WIRE_COUNT, 8, .of = "ids" },
	{ "ids", WIRE_LIST, .item = &toy_id },
};
static const struct wire_format toy_ids = { "IDS", "ids", "toy 6", toy_ids_rows, 7, NULL };

static const struct wire_row toy_other_rows[] = { TOY_HEAD, { "data", WIRE_REST } };
static const struct wire_format toy_other = { "OTHER", "anything", "toy", toy_other_rows, 5, NULL };

static const struct wire_choice toy_part_rows[] = {
	{ 1, &toy_box }, { 2, &toy_pairs }, { 3, &toy_any }, { 4, &toy_sealed }, { 5, &toy_nest }, { 6, &toy_ids },
};
static const struct wire_choices toy_parts = { toy_part_rows, 6, &toy_other };
static const struct wire_row toy_head_rows[] = {
	{ "first", WIRE_NEXT, 8, .of = "parts" },
	{ "high", WIRE_UINT, 4, .constant = 2 },
	{ "low", WIRE_UINT, 12 },
	{ "length", WIRE_LENGTH, 16 },
};
static const struct wire_format toy_head = { "HEAD", "the head", "toy", toy_head_rows, 4, NULL };
#define TOY_CHAIN { "parts", WIRE_LIST, .choices = &toy_parts }
static const struct wire_row toy_chain = TOY_CHAIN;
static const struct wire_row toy_rows[] = {
	{ "HEAD", WIRE_STRUCT, .item = &toy_head },
	TOY_CHAIN,
};
static const struct wire_format toy = { "toy", "a toy message", "toy", toy_rows, 2, NULL };

#endif
