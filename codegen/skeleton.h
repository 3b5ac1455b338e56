/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Skeletons: m4 with a little sugar, so that they can be read.  See FACTS.md for what stands in
 * them.
 */
#ifndef SKELETON_H
#define SKELETON_H

#include <stdbool.h>
#include <stdio.h>

/* Control bytes between facts, skeletons, m4 and the filter; sources cannot hold them. */
#define QUOTE_OPEN  '\001' /* m4's quotes */
#define QUOTE_CLOSE '\002'
#define TEXT_OPEN   '\003' /* the model's text: a letter, how to escape it, then the text */
#define TEXT_CLOSE  '\004'
#define CODE_OPEN   '\005' /* user code: "line:file\ntext" */
#define CODE_CLOSE  '\006'
#define SECTION_SWITCH '\017'        /* "number;": what follows belongs to that part of the output */
#define FILE_SWITCH '\016' /* "name\n": what follows belongs to that output */

/*
 * Translate the skeleton `name` of the folder and what it includes into plain m4 on out.
 * needed[FACT_COUNT]: which facts it has something to say to.  Returns 0, or -1 after a message.
 */
int skeleton_translate(FILE *out, const char *dir, const char *name, bool *needed);

#endif
