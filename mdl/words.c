/* SPDX-License-Identifier: BSD-2-Clause */
/* The vocabulary: one table of all attribute words. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "words.h"

#define ACCESS_PLACES (IN_REG | IN_FIELD | IN_INTR_REG | IN_DEFAULT)
#define SW(name, word)                                  \
	{                                               \
		name, word, G_SW, F_WORD, ACCESS_PLACES \
	}
#define ON_WRITE(name, word)                                  \
	{                                                     \
		name, word, G_ON_WRITE, F_WORD, ACCESS_PLACES \
	}
#define ON_READ(name, word)                                  \
	{                                                    \
		name, word, G_ON_READ, F_WORD, ACCESS_PLACES \
	}

/* SystemRDL's name of each word comes first: it is the one that messages use. */
static const struct word_info words[] = {
	SW("rw", W_RW),
	SW("ro", W_RO),
	SW("wo", W_WO),
	SW("na", W_NA),
	SW("rw1", W_RW1),
	SW("w1", W_W1),
	ON_WRITE("woclr", W_WOCLR),
	ON_WRITE("w1c", W_WOCLR),
	ON_WRITE("woset", W_WOSET),
	ON_WRITE("w1s", W_WOSET),
	ON_WRITE("wot", W_WOT),
	ON_WRITE("w1t", W_WOT),
	ON_WRITE("wzc", W_WZC),
	ON_WRITE("w0c", W_WZC),
	ON_WRITE("wzs", W_WZS),
	ON_WRITE("w0s", W_WZS),
	ON_WRITE("wzt", W_WZT),
	ON_WRITE("w0t", W_WZT),
	ON_WRITE("wclr", W_WCLR),
	ON_WRITE("wset", W_WSET),
	ON_READ("rclr", W_RCLR),
	ON_READ("rc", W_RCLR),
	ON_READ("rset", W_RSET),
	ON_READ("rs", W_RSET),
	{"singlepulse", W_SINGLEPULSE, G_NONE, F_WORD, IN_REG | IN_FIELD},
	{"volatile", W_VOLATILE, G_NONE, F_WORD, ACCESS_PLACES},
	{"reserved", W_RESERVED, G_NONE, F_WORD, IN_FIELD},
	{"sticky", W_STICKY, G_NONE, F_WORD | F_CALL, ACCESS_PLACES},
	{"swwe", W_SWWE, G_NONE, F_CALL, ACCESS_PLACES},
	{"swwel", W_SWWEL, G_NONE, F_CALL, ACCESS_PLACES},
	{"alias", W_ALIAS, G_NONE, F_VALUE, IN_REG},
	{"width", W_WIDTH, G_NONE, F_VALUE,
	 IN_REG | IN_INTR | IN_INTR_REG | IN_DEFAULT | IN_DOORBELL},
	{"le", W_LE, G_ENDIAN, F_WORD,
	 IN_BAR | IN_REG | IN_INTR_REG | IN_DEFAULT | IN_DOORBELL | IN_LAYOUT},
	{"be", W_BE, G_ENDIAN, F_WORD,
	 IN_BAR | IN_REG | IN_INTR_REG | IN_DEFAULT | IN_DOORBELL | IN_LAYOUT},
	{"io", W_IO, G_BAR, F_WORD, IN_BAR},
	{"mem32", W_MEM32, G_BAR, F_WORD, IN_BAR},
	{"mem64", W_MEM64, G_BAR, F_WORD, IN_BAR},
	{"size", W_SIZE, G_NONE, F_VALUE, IN_BAR | IN_RAM | IN_LAYOUT | IN_ROM},
	{"access", W_ACCESS, G_NONE, F_VALUE | F_RANGE,
	 IN_BAR | IN_REG | IN_GROUP | IN_INTR | IN_INTR_REG | IN_DEFAULT | IN_DOORBELL},
	{"prefetchable", W_PREFETCHABLE, G_NONE, F_WORD, IN_BAR},
	{"mmap", W_MMAP, G_DOORBELL, F_WORD, IN_RAM | IN_DOORBELL},
	{"ioeventfd", W_IOEVENTFD, G_DOORBELL, F_WORD, IN_DOORBELL},
	{"poll", W_POLL, G_NONE, F_VALUE, IN_DOORBELL},
	{"ns", W_NS, G_UNIT, F_WORD, IN_DOORBELL},
	{"us", W_US, G_UNIT, F_WORD, IN_DOORBELL},
	{"ms", W_MS, G_UNIT, F_WORD, IN_DOORBELL},
	{"s", W_S, G_UNIT, F_WORD, IN_DOORBELL},
	{"level", W_LEVEL, G_EDGE, F_WORD, IN_CAUSE},
	{"posedge", W_POSEDGE, G_EDGE, F_WORD, IN_CAUSE},
	{"negedge", W_NEGEDGE, G_EDGE, F_WORD, IN_CAUSE},
	{"bothedge", W_BOTHEDGE, G_EDGE, F_WORD, IN_CAUSE},
	{"realtime", W_REALTIME, G_NONE, F_WORD, IN_TIMER},
	{"transient", W_TRANSIENT, G_NONE, F_WORD, IN_TIMER | IN_VAR | IN_RAM},
	{"since", W_SINCE, G_NONE, F_VALUE,
	 IN_VAR | IN_SECTION | IN_REG | IN_DOORBELL | IN_INTR | IN_RAM | IN_TIMER},
	{"until", W_UNTIL, G_NONE, F_VALUE, IN_VAR | IN_SECTION},
	{"version", W_VERSION, G_NONE, F_VALUE, IN_DEVICE},
	{"file", W_FILE, G_NONE, F_STRING, IN_ROM},
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

const struct word_info *find_word(const char *name)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].name[0] == name[0] && !strcmp(words[i].name, name))
			return &words[i];
	return NULL;
}

const char *word_name(enum attr_word word)
{
	for (size_t i = 0; i < N_WORDS; i++)
		if (words[i].word == word)
			return words[i].name;
	return "?";
}

/* What other languages, data sheets and habits call our words. */
static const char *translate(const char *name)
{
	static const char *const pairs[][2] = {
		{"ronly", "ro"},
		{"rdonly", "ro"},
		{"wronly", "wo"},
		{"rdwr", "rw"},
		{"clear_on_read", "rclr"},
		{"set_on_read", "rset"},
		{"write_one_to_clear", "woclr"},
		{"write1toclear", "woclr"},
		{"selfclear", "singlepulse"},
		{"selfclearing", "singlepulse"},
		{"autoclear", "singlepulse"},
		{"pulse", "singlepulse"},
		{"readonly", "ro"},
		{"read_only", "ro"},
		{"r", "ro"},
		{"writeonly", "wo"},
		{"write_only", "wo"},
		{"w", "wo"},
		{"readwrite", "rw"},
		{"read_write", "rw"},
		{"noaccess", "na"},
		{"none", "na"},
		{"rwc", "woclr"},
		{"rw1c", "woclr"},
		{"w1tc", "woclr"},
		{"rw1tc", "woclr"},
		{"w1toc", "woclr"},
		{"rw1s", "woset"},
		{"w1ts", "woset"},
		{"cor", "rclr"},
		{"roc", "rclr"},
		{"rtc", "rclr"},
		{"ror", "rclr"},
		{"sc", "singlepulse"},
		{"self_clearing", "singlepulse"},
		{"strobe", "singlepulse"},
		{"rsvd", "reserved"},
		{"res", "reserved"},
		{"lock", "swwel"},
		{"hw", "volatile"},
		{"big", "be"},
		{"little", "le"},
		{"bigendian", "be"},
		{"littleendian", "le"},
		{"mem", "mem32"},
		{"mmio", "mem32"},
		{"pio", "io"},
		{"ioport", "io"},
		{"edge", "posedge"},
		{"rising", "posedge"},
		{"falling", "negedge"},
		{"high", "level"},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (!strcasecmp(pairs[i][0], name))
			return pairs[i][1];
	return name;
}

const char *suggest_word(const char *name, unsigned places)
{
	const char *candidates[N_WORDS];
	size_t n = 0;

	name = translate(name);
	for (size_t i = 0; i < N_WORDS; i++) {
		if (!(words[i].places & places))
			continue;
		if (!strcasecmp(words[i].name, name))
			return words[i].name;
		candidates[n++] = words[i].name;
	}
	return suggest(name, candidates, n);
}

void list_words(unsigned places, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < N_WORDS; i++) {
		if (!(words[i].places & places) || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "",
					 words[i].name);
	}
}

void list_places(unsigned set, char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (unsigned bit = 0; bit < 32; bit++) {
		if (!(set >> bit & 1) || used >= size)
			continue;
		used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
					 place_name((enum place_kind)(1u << bit)));
	}
}

const char *place_name(enum place_kind place)
{
	static const struct {
		enum place_kind place;
		const char *name;
	} places[] = {
		{IN_DEVICE, "device"},
		{IN_BAR, "bar"},
		{IN_REG, "register"},
		{IN_FIELD, "field"},
		{IN_GROUP, "group"},
		{IN_RAM, "ram"},
		{IN_DOORBELL, "doorbell"},
		{IN_INTR, "intr"},
		{IN_INTR_REG, "register of an intr"},
		{IN_CAUSE, "cause of an intr"},
		{IN_DEFAULT, "default"},
		{IN_PARAM, "param"},
		{IN_TIMER, "timer"},
		{IN_VAR, "state variable"},
		{IN_SECTION, "section"},
		{IN_LAYOUT, "layout"},
		{IN_MEMBER, "member of a layout"},
		{IN_BITS, "bit-field of a layout"},
		{IN_IRQ, "irq"},
		{IN_ENUMERATOR, "enumerator"},
		{IN_ROM, "rom"},
		{IN_STATE, "state"},
		{IN_CONST, "declaration"},
	};

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (places[i].place == place)
			return places[i].name;
	return "declaration";
}
