/*
 * lsc_layout_check: every way in which a layout can be wrong is told with the block's name.
 * SPDX-License-Identifier: MIT
 */
#include "support/support.h"

#include "losscope_fixture.h"

#define BLOCKS 6

/* A copy of the fixture's layout to spoil; blocks [BLOCKS]. */
static lsc_layout copy_layout(lsc_block *blocks)
{
    lsc_layout layout = fixture_layout;

    memcpy(blocks, fixture_layout.blocks, BLOCKS * sizeof *blocks);
    layout.blocks = blocks;
    return layout;
}

static void a_sound_layout_passes(void **state)
{
    (void)state;
    CHECK_OK(lsc_layout_check(&fixture_layout));
}

/* A block of a later version of the header: longer, and stepped over by block_size. */
static void blocks_of_a_longer_struct_are_stepped_over(void **state)
{
    struct {
        lsc_block block;
        double later;
    } blocks[BLOCKS];
    lsc_layout layout = fixture_layout;

    (void)state;
    for (int i = 0; i < BLOCKS; i++)
        blocks[i].block = fixture_layout.blocks[i];
    layout.blocks = &blocks[0].block;
    layout.block_size = sizeof blocks[0];
    CHECK_OK(lsc_layout_check(&layout));
    CHECK_STR(lsc_layout_block(&layout, 3)->name, "bn.weight");
}

static void elements_are_the_product_of_the_shape(void **state)
{
    (void)state;
    CHECK_INT(lsc_block_elements(lsc_layout_block(&fixture_layout, 0)), 48);
    CHECK_INT(lsc_block_elements(lsc_layout_block(&fixture_layout, 5)), 1);
}

static void a_layout_without_blocks_is_refused(void **state)
{
    const lsc_layout empty = {.block_size = sizeof(lsc_block)};

    (void)state;
    CHECK_FAILS(lsc_layout_check(NULL), LSC_ERR_SHAPE, "there are no blocks");
    CHECK_FAILS(lsc_layout_check(&empty), LSC_ERR_SHAPE, "there are no blocks");
}

static void a_short_block_size_is_refused(void **state)
{
    lsc_layout layout = fixture_layout;

    (void)state;
    layout.block_size = 8;
    CHECK_FAILS(lsc_layout_check(&layout), LSC_ERR_SHAPE, "block_size is 8, should be sizeof(lsc_block)");
}

#define SPOILED(change, message)                                                                                       \
    do {                                                                                                               \
        lsc_block blocks[BLOCKS];                                                                                      \
        lsc_layout layout = copy_layout(blocks);                                                                       \
        change;                                                                                                        \
        CHECK_FAILS(lsc_layout_check(&layout), LSC_ERR_SHAPE, message);                                                \
    } while (0)

static void a_wrong_block_is_named(void **state)
{
    (void)state;
    SPOILED(blocks[1].name = NULL, "block 1 has no name");
    SPOILED(blocks[1].name = "", "block 1 has no name");
    SPOILED(blocks[1].role = (lsc_role)9, "block 1 (fc.weight): role 9");
    SPOILED(blocks[1].rank = 7, "block 1 (fc.weight): rank 7 is not in 0..6");
    SPOILED(blocks[1].rank = -1, "block 1 (fc.weight): rank -1");
    SPOILED(blocks[1].shape[0] = 0, "block 1 (fc.weight): a dimension is below 1");
    SPOILED(blocks[1].shape[0] = INT64_MAX, "block 1 (fc.weight): a dimension is below 1 or the shape is too large");
    SPOILED(blocks[1].offset = 47, "block 1 (fc.weight): offset 47, should be 48");
    SPOILED(blocks[1].filters = 4, "block 1 (fc.weight): 4 filters do not divide 35 elements");
    SPOILED(blocks[1].filters = -5, "block 1 (fc.weight): -5 filters");
    SPOILED(blocks[5].name = "fc.weight", "blocks 1 and 5 are both named fc.weight");
    SPOILED(blocks[4].role = LSC_BUFFER; blocks[3].role = LSC_BUFFER;
            blocks[4].role = LSC_BIAS, "block 4 (bn.running_mean) is learned but follows a buffer");
}

static void wrong_totals_are_refused(void **state)
{
    (void)state;
    SPOILED(layout.n = 98, "the blocks hold 97 elements, n says 98");
    SPOILED(layout.n = 96, "block 5 (bn.count) ends past theta's 96 elements");
    SPOILED(layout.n_learned = 97, "92 elements are learned, n_learned says 97");
}

static void a_name_with_control_characters_is_quoted(void **state)
{
    (void)state;
    SPOILED(blocks[1].name = "fc\x1b[2J"; blocks[1].rank = 9, "block 1 (fc\\x1b[2J)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_sound_layout_passes),
        TEST(blocks_of_a_longer_struct_are_stepped_over),
        TEST(elements_are_the_product_of_the_shape),
        TEST(a_layout_without_blocks_is_refused),
        TEST(a_short_block_size_is_refused),
        TEST(a_wrong_block_is_named),
        TEST(wrong_totals_are_refused),
        TEST(a_name_with_control_characters_is_quoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
