/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary: words that are not structure, where each may stand, and what it takes. */
#ifndef WORDS_H
#define WORDS_H

#include "model.h"

/* Where attributes stand: bits, for sets of places. */
enum place_kind {
	IN_DEVICE = 1 << 0,
	IN_BAR = 1 << 1,
	IN_REG = 1 << 2,
	IN_FIELD = 1 << 3,
	IN_GROUP = 1 << 4,
	IN_RAM = 1 << 5,
	IN_DOORBELL = 1 << 6,
	IN_INTR = 1 << 7,
	IN_INTR_REG = 1 << 8,
	IN_CAUSE = 1 << 9,
	IN_DEFAULT = 1 << 10,
	IN_PARAM = 1 << 11,
	IN_TIMER = 1 << 12,
	IN_VAR = 1 << 13,
	IN_SECTION = 1 << 14,
	IN_LAYOUT = 1 << 15,
	IN_MEMBER = 1 << 16,
	IN_BITS = 1 << 17, /* a bit-field of a layout's member */
	IN_IRQ = 1 << 18,
	IN_ENUMERATOR = 1 << 19,
	IN_ROM = 1 << 20,
	IN_STATE = 1 << 21,
	IN_CONST = 1 << 22, /* const, enum, template: documentation only */
};

/* The words, by meaning: UVM aliases share the SystemRDL word's. */
enum attr_word {
	W_NONE,
	W_RW,
	W_RO,
	W_WO,
	W_NA,
	W_RW1,
	W_W1,
	W_WOCLR,
	W_WOSET,
	W_WOT,
	W_WZC,
	W_WZS,
	W_WZT,
	W_WCLR,
	W_WSET,
	W_RCLR,
	W_RSET,
	W_SINGLEPULSE,
	W_VOLATILE,
	W_RESERVED,
	W_STICKY,
	W_SWWE,
	W_SWWEL,
	W_ALIAS,
	W_WIDTH,
	W_LE,
	W_BE,
	W_IO,
	W_MEM32,
	W_MEM64,
	W_SIZE,
	W_ACCESS,
	W_PREFETCHABLE,
	W_MMAP,
	W_IOEVENTFD,
	W_POLL,
	W_NS,
	W_US,
	W_MS,
	W_S,
	W_LEVEL,
	W_POSEDGE,
	W_NEGEDGE,
	W_BOTHEDGE,
	W_REALTIME,
	W_TRANSIENT,
	W_SINCE,
	W_UNTIL,
	W_VERSION,
	W_FILE,
	W_COUNT
};

/* Words of one group exclude each other. */
enum word_group {
	G_NONE,
	G_SW,
	G_ON_WRITE,
	G_ON_READ,
	G_ENDIAN,
	G_BAR,
	G_EDGE,
	G_DOORBELL,
	G_UNIT,
	G_COUNT
};

/* How a word may be written: bits. */
enum word_form {
	F_WORD = 1 << ATTR_WORD,
	F_CALL = 1 << ATTR_CALL,
	F_VALUE = 1 << ATTR_VALUE,
	F_RANGE = 1 << ATTR_RANGE,
	F_STRING = 1 << ATTR_STRING,
};

struct word_info {
	const char *name;
	enum attr_word word;
	enum word_group group;
	unsigned forms;
	unsigned places;
};

const struct word_info *find_word(const char *name);
/* The nearest word that may stand at one of the places, or NULL. */
const char *suggest_word(const char *name, unsigned places);
/* The words of a place, joined by blanks, into `text`. */
void list_words(unsigned places, char *text, size_t size);
/* Where a word may stand, "register, field". */
void list_places(unsigned set, char *text, size_t size);
/* "register", "field of a layout" … */
const char *place_name(enum place_kind place);
const char *word_name(enum attr_word word);

#define MAX_HOOKS 8

/* The attributes of one declaration, sorted by meaning; what was wrong is reported and left out. */
struct attrs {
	enum place_kind place;
	const struct attr *word[W_COUNT];
	const struct attr *reset[MODEL_RESET_KINDS + 1];
	const struct attr *hooks[MAX_HOOKS];
	unsigned nhooks;
	const struct attr *locks; /* the first swwe or swwel; look on from there */
	const struct attr *enumeration, *arrow, *when, *doc_attr;
	const char *doc;
};

struct resolver;

/* Is a word among the attributes that means this sign, "@" or "+="?  It is reported as one. */
bool spells_sign(const struct node *node, const char *sign);
/* Sort a declaration's attributes; reports unknown, misplaced, repeated and contradictory words. */
void read_attrs(struct resolver *r, const struct attr *list, enum place_kind place,
		struct attrs *attrs);
/* power, hard, flr, soft: 0 to 3; -1 if there is no such kind, which was reported. */
int reset_kind(struct resolver *r, const char *name, struct loc loc);

#endif
