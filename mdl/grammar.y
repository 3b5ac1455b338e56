/* SPDX-License-Identifier: BSD-2-Clause */
/* The grammar of MDL.  An action is one builder call; meaning is resolve.c's. */
%code requires {
#include "parse.h"
}

%define api.pure full
%define api.location.type {struct loc}
%define api.prefix {mdl_}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%param { void *scanner }
%param { struct parse *parse }

%code {
#include "feed.h"

static void mdl_error(const struct loc *loc, void *scanner, struct parse *parse, const char *text);

#define YYLLOC_DEFAULT(current, rhs, n) \
	do { \
		if (n) { \
			(current) = YYRHSLOC(rhs, 1); \
			(current).end_line = YYRHSLOC(rhs, n).end_line; \
			(current).end_col = YYRHSLOC(rhs, n).end_col; \
		} else { \
			(current) = YYRHSLOC(rhs, 0); \
			(current).line = (current).end_line; \
			(current).col = (current).end_col; \
		} \
	} while (0)

/*
 * After an error: go on behind the ';' or the '}' that ends the broken statement, or before a '}'
 * that ends what it stands in.  At the end of the file the parse is over.
 */
#define RECOVER(at) \
	do { \
		if (!skip_statement(parse, scanner, &yychar, &yylval, &yylloc, (at))) \
			YYABORT; \
		yyerrok; \
	} while (0)
#define WORD(text, loc) ((struct word){(text), (loc)})
#define NODE(kind, name, at, all) new_node(parse, (kind), WORD(name, at), (all))
#define NO_WORD ((struct word){0})
#define NO_EXPRS ((struct expr_list){0})
#define NO_NODES ((struct node_list){0})
#define ONE_EXPR(e) add_expr(NO_EXPRS, (e))
}

%union {
	const char *text;
	const struct code *code;
	struct word word;
	struct expr *expr;
	struct expr_list exprs;
	struct attr *attr;
	struct attr_list attrs;
	struct node *node;
	struct node_list nodes;
}

%token END 0 "end of file"
%token <text> IDENT "name"
%token <expr> NUMBER "number"
%token <text> STRING "string"
%token <code> CODE "%{ … %}"

/* Structure words: reserved. */
%token <text> INCLUDE "include" CONST "const" ENUM "enum" TEMPLATE "template" LAYOUT "layout"
	DEVICE "device" PCI "pci" PARAM "param" IRQ "irq" BAR "bar" REG "reg" GROUP "group"
	RAM "ram" DOORBELL "doorbell" INTR "intr" TIMER "timer" STATE "state" SECTION "section"
	ON "on"
	CHECK_WORD "check" DEFAULT "default" IS "is" WHEN "when"
/* Words that take an argument: names all the same. */
%token <text> WIDTH "width" SIZE "size" ACCESS "access" VERSION "version" ALIAS "alias"
	RESET "reset" POLL "poll" SINCE "since" UNTIL "until" TRANSIENT "transient" CONFIG "config"
	VENDOR_CAP "vendor_cap" FILE_WORD "file"

%token ARROW "->" PLUS_EQ "+=" DOTS ".." SHL "<<" SHR ">>" LE "<=" GE ">=" EQ "==" NE "!="
	AND_AND "&&" OR_OR "||"

%right '?' ':'
%left OR_OR
%left AND_AND
%left '|'
%left '^'
%left '&'
%left EQ NE
%left '<' '>' LE GE
%left SHL SHR
%left '+' '-'
%left '*' '/' '%'
%precedence UNARY

%type <text> name type_word value_name
%type <word> word
%type <expr> expr path arrow_target type_part
%type <exprs> dims exprs arguments strides stride_list byte_list byte pci_value words type
%type <attr> attr pci_attr section_attr variable_attr age value
%type <attrs> attrs docs pci_attrs section_attrs variable_attrs variable_prefix
%type <node> item device_item pci_item map_item field ranged_field intr_item state_item variable
	member enumerator const_item enum_item layout_item template_item template_param
	named_place hook_item
%type <nodes> items device_items pci_items map_body map_items fields intr_items state_items
	variables members enumerators enumerator_list template_params template_param_list
	field_body member_body

%%

file: items	{ (void)$1; }

items: %empty	{ $$ = NO_NODES; }
	| items item {
		/* straight into the tree: an include in between has put its own there */
		if ($2) {
			struct node_list all = {parse->tree->items, parse->tree->last};
			all = add_node(all, $2);
			parse->tree->items = all.first;
			parse->tree->last = all.last;
		}
		$$ = NO_NODES;
	}

item: ';'	{ $$ = NULL; }
	| INCLUDE STRING ';'	{ include_source(parse, $2, @2); $$ = NULL; }
	| const_item
	| enum_item
	| layout_item
	| template_item
	| CODE	{ $$ = with_code(new_node(parse, NODE_CODE, NO_WORD, @$), $1); }
	| DEVICE name attrs '{' device_items '}' {
		$$ = with_children(with_attrs(NODE(NODE_DEVICE, $2, @2, @$), $3), $5);
	}
	| DEVICE name attrs error '{' device_items '}' {
		yyerrok;
		$$ = with_children(with_attrs(NODE(NODE_DEVICE, $2, @2, @$), $3), $6);
	}
	| error	{ RECOVER(@1); $$ = NULL; }

/* ---- what may stand at file level and in a device */

const_item: CONST name '=' expr docs ';' {
		$$ = with_attrs(with_value(NODE(NODE_CONST, $2, @2, @$), $4), $5);
	}

enum_item: ENUM name docs '{' enumerators '}' {
		$$ = with_children(with_attrs(NODE(NODE_ENUM, $2, @2, @$), $3), $5);
	}

enumerators: %empty	{ $$ = NO_NODES; }
	| enumerator_list
	| enumerator_list ','
enumerator_list: enumerator	{ $$ = add_node(NO_NODES, $1); }
	| enumerator_list ',' enumerator	{ $$ = add_node($1, $3); }
enumerator: name docs {
		$$ = with_attrs(NODE(NODE_ENUMERATOR, $1, @1, @$), $2);
	}
	| name '=' expr docs {
		$$ = with_attrs(with_value(NODE(NODE_ENUMERATOR, $1, @1, @$), $3), $4);
	}

layout_item: LAYOUT name attrs '{' members '}' {
		$$ = with_children(with_attrs(NODE(NODE_LAYOUT, $2, @2, @$), $3), $5);
	}
members: %empty	{ $$ = NO_NODES; }
	| members member	{ $$ = add_node($1, $2); }
member: ';'	{ $$ = NULL; }
	| words dims docs member_body {
		$$ = with_place(new_variable(parse, NODE_MEMBER, $1, @$), $2, NULL, NO_EXPRS);
		with_children(with_attrs($$, $3), $4);
	}
	| words dims '[' ']' docs member_body {
		$$ = with_place(new_variable(parse, NODE_MEMBER, $1, @$), $2, NULL, NO_EXPRS);
		with_bound(with_children(with_attrs($$, $5), $6), NULL);
	}
	| words dims '[' LE expr ']' docs member_body {
		$$ = with_place(new_variable(parse, NODE_MEMBER, $1, @$), $2, NULL, NO_EXPRS);
		with_bound(with_children(with_attrs($$, $7), $8), $5);
	}
	| error	{ RECOVER(@1); $$ = NULL; }
member_body: ';'	{ $$ = NO_NODES; }
	| '{' fields '}'	{ $$ = $2; }

template_item: TEMPLATE name '(' template_params ')' docs '{' map_items '}' {
		$$ = with_children(with_attrs(NODE(NODE_TEMPLATE, $2, @2, @$), $6), $8);
		$$->params = $4.first;
	}
template_params: %empty	{ $$ = NO_NODES; }
	| template_param_list
template_param_list: template_param	{ $$ = add_node(NO_NODES, $1); }
	| template_param_list ',' template_param	{ $$ = add_node($1, $3); }
template_param: name	{ $$ = NODE(NODE_CONST, $1, @1, @$); }

/* ---- device */

device_items: %empty	{ $$ = NO_NODES; }
	| device_items device_item	{ $$ = add_node($1, $2); }
device_item: ';'	{ $$ = NULL; }
	| const_item
	| enum_item
	| layout_item
	| template_item
	| hook_item
	| PCI docs '{' pci_items '}' {
		$$ = with_children(with_attrs(NODE(NODE_PCI, NULL, @1, @$), $2), $4);
	}
	| PARAM word name attrs ';' {
		$$ = with_attrs(with_type(NODE(NODE_PARAM, $3, @3, @$), NULL, $2), $4);
	}
	| PARAM ENUM name name attrs ';' {
		$$ = with_attrs(with_type(NODE(NODE_PARAM, $4, @4, @$), "enum",
					  WORD($3, @3)), $5);
	}
	| IRQ name dims docs ';' {
		$$ = with_attrs(with_place(NODE(NODE_IRQ, $2, @2, @$), $3, NULL,
					   NO_EXPRS), $4);
	}
	| IRQ name dims docs '=' expr docs ';' {
		$$ = with_attrs(with_value(with_place(NODE(NODE_IRQ, $2, @2, @$), $3,
						      NULL, NO_EXPRS), $6), $7);
	}
	| BAR expr attrs map_body {
		$$ = with_children(with_attrs(with_value(NODE(NODE_BAR, "bar", @1, @$),
							 $2), $3), $4);
	}
	| TIMER name dims attrs ';' {
		$$ = with_attrs(with_place(NODE(NODE_TIMER, $2, @2, @$), $3, NULL,
					   NO_EXPRS), $4);
	}
	| STATE docs '{' state_items '}' {
		$$ = with_children(with_attrs(NODE(NODE_STATE, NULL, @1, @$), $2), $4);
	}
	| error	{ RECOVER(@1); $$ = NULL; }

hook_item: ON name docs ';' {
		$$ = with_attrs(NODE(NODE_HOOK, $2, @2, @$), $3);
	}
	| ON name docs CODE {
		$$ = with_code(with_attrs(NODE(NODE_HOOK, $2, @2, @$), $3), $4);
	}

/* ---- pci */

pci_items: %empty	{ $$ = NO_NODES; }
	| pci_items pci_item	{ $$ = add_node($1, $2); }
pci_item: ';'	{ $$ = NULL; }
	| word ';'	{ $$ = new_node(parse, NODE_PCI_ITEM, $1, @$); }
	| word pci_value ';'	{ $$ = with_args(new_node(parse, NODE_PCI_ITEM, $1, @$), $2); }
	| word pci_attrs ';'	{ $$ = with_attrs(new_node(parse, NODE_PCI_ITEM, $1, @$), $2); }
	| word pci_value pci_attrs ';' {
		$$ = with_attrs(with_args(new_node(parse, NODE_PCI_ITEM, $1, @$), $2), $3);
	}
	| word BAR expr '@' expr ';' {
		$$ = with_value(new_node(parse, NODE_PCI_ITEM, $1, @$), $3);
		with_place($$, NO_EXPRS, $5, NO_EXPRS);
	}
	| word '{' pci_items '}' {
		$$ = with_children(new_node(parse, NODE_PCI_ITEM, $1, @$), $3);
	}
	| CONFIG '{' map_items '}' {
		$$ = with_children(NODE(NODE_PCI_ITEM, $1, @1, @$), $3);
	}
	| VENDOR_CAP '{' byte_list '}' {
		$$ = with_args(NODE(NODE_PCI_ITEM, $1, @1, @$), $3);
		$$->has_body = true;
	}
	| error	{ RECOVER(@1); $$ = NULL; }
/* `device` is a structure word, and a key here. */
word: IDENT	{ $$ = WORD($1, @1); }
	| DEVICE	{ $$ = WORD($1, @1); }
pci_value: expr	{ $$ = ONE_EXPR($1); }
	| expr ':' expr	{ $$ = add_expr(ONE_EXPR($1), $3); }
pci_attrs: pci_attr	{ $$ = add_attr(parse, (struct attr_list){0}, $1); }
	| pci_attrs pci_attr	{ $$ = add_attr(parse, $1, $2); }
pci_attr: SIZE expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| FILE_WORD STRING	{ $$ = new_text_attr(parse, ATTR_STRING, $1, @1, $2, @$); }
byte_list: byte
	| byte_list byte	{ $$ = add_expr($1, $2.first); }
	| byte_list ',' byte	{ $$ = add_expr($1, $3.first); }
byte: NUMBER	{ $$ = ONE_EXPR($1); }
	| path	{ $$ = ONE_EXPR($1); }
	| '(' expr ')'	{ $$ = ONE_EXPR($2); }

/* ---- what a BAR, a group, a template and config space hold */

map_body: ';'	{ $$ = NO_NODES; }
	| '{' map_items '}'	{ $$ = $2; }
map_items: %empty	{ $$ = NO_NODES; }
	| map_items map_item	{ $$ = add_node($1, $2); }
map_item: ';'	{ $$ = NULL; }
	| const_item
	| REG named_place attrs field_body {
		$$ = with_children(with_attrs($2, $3), $4);
		$$->kind = NODE_REG;
		$$->loc = @$;
	}
	| GROUP named_place attrs '{' map_items '}' {
		$$ = with_children(with_attrs($2, $3), $5);
		$$->kind = NODE_GROUP;
		$$->loc = @$;
	}
	| GROUP named_place attrs IS name '(' arguments ')' ';' {
		$$ = with_type(with_args(with_attrs($2, $3), $7), NULL, WORD($5, @5));
		$$->kind = NODE_GROUP;
		$$->loc = @$;
	}
	| RAM named_place attrs ';' {
		$$ = with_attrs($2, $3);
		$$->kind = NODE_RAM;
		$$->loc = @$;
	}
	| DOORBELL named_place attrs ';' {
		$$ = with_attrs($2, $3);
		$$->kind = NODE_DOORBELL;
		$$->loc = @$;
	}
	| INTR named_place attrs '{' intr_items '}' {
		$$ = with_children(with_attrs($2, $3), $5);
		$$->kind = NODE_INTR;
		$$->loc = @$;
	}
	| DEFAULT attrs ';' {
		$$ = with_attrs(new_node(parse, NODE_DEFAULT, NO_WORD, @$), $2);
	}
	| IS name '(' arguments ')' ';' {
		$$ = with_type(new_node(parse, NODE_IS, NO_WORD, @$), NULL, WORD($2, @2));
		with_args($$, $4);
	}
	| error	{ RECOVER(@1); $$ = NULL; }

/* That an offset is missing where one is needed is said later. */
named_place: name dims {
		$$ = with_place(NODE(NODE_REG, $1, @1, @$), $2, NULL, NO_EXPRS);
	}
	| name dims '@' expr strides {
		$$ = with_place(NODE(NODE_REG, $1, @1, @$), $2, $4, $5);
	}
dims: %empty	{ $$ = NO_EXPRS; }
	| dims '[' expr ']'	{ $$ = add_expr($1, $3); }
strides: %empty	{ $$ = NO_EXPRS; }
	| PLUS_EQ stride_list	{ $$ = $2; }
stride_list: expr	{ $$ = ONE_EXPR($1); }
	| stride_list ',' expr	{ $$ = add_expr($1, $3); }
	| stride_list PLUS_EQ expr	{ $$ = add_expr($1, $3); }

field_body: ';'	{ $$ = NO_NODES; }
	| '{' fields '}'	{ $$ = $2; if (!$$.first) $$.last = NULL; }
fields: %empty	{ $$ = NO_NODES; }
	| fields field	{ $$ = add_node($1, $2); }
field: ranged_field
	| name attrs ';' {
		$$ = with_attrs(NODE(NODE_FIELD, $1, @1, @$), $2);
	}
ranged_field: ';'	{ $$ = NULL; }
	| name '[' expr ']' attrs ';' {
		$$ = with_attrs(with_args(NODE(NODE_FIELD, $1, @1, @$), ONE_EXPR($3)), $5);
	}
	| name '[' expr ':' expr ']' attrs ';' {
		$$ = with_attrs(with_args(NODE(NODE_FIELD, $1, @1, @$),
					  add_expr(ONE_EXPR($3), $5)), $7);
	}
	| error	{ RECOVER(@1); $$ = NULL; }

intr_items: %empty	{ $$ = NO_NODES; }
	| intr_items intr_item	{ $$ = add_node($1, $2); }
intr_item: ranged_field
	| IDENT named_place attrs ';' {
		$$ = with_type(with_attrs($2, $3), NULL, WORD($1, @1));
		$$->kind = NODE_INTR_REG;
		$$->loc = @$;
	}

/* ---- state */

state_items: %empty	{ $$ = NO_NODES; }
	| state_items state_item	{ $$ = add_node($1, $2); }
state_item: variable
	| hook_item
	| variable_prefix SECTION name section_attrs '{' variables '}' {
		$$ = with_attrs(NODE(NODE_SECTION, $3, @3, @$), $1);
		with_children(with_attrs($$, $4), $6);
	}
variables: %empty	{ $$ = NO_NODES; }
	| variables variable	{ $$ = add_node($1, $2); }
section_attrs: %empty	{ $$ = (struct attr_list){0}; }
	| section_attrs section_attr	{ $$ = add_attr(parse, $1, $2); }
section_attr: age
	| WHEN name	{ $$ = new_attr(parse, ATTR_WHEN, $2, @2, @$); }
	| WHEN CODE	{ $$ = new_when_attr(parse, $2, @2, @$); }
	| STRING	{ $$ = new_text_attr(parse, ATTR_DOC, NULL, @1, $1, @1); }

variable: ';'	{ $$ = NULL; }
	| variable_prefix words dims variable_attrs ';' {
		$$ = with_place(new_variable(parse, NODE_VAR, $2, @$), $3, NULL, NO_EXPRS);
		with_attrs(with_attrs($$, $1), $4);
	}
	| variable_prefix words dims '[' LE expr ']' variable_attrs ';' {
		$$ = with_place(new_variable(parse, NODE_VAR, $2, @$), $3, NULL, NO_EXPRS);
		with_bound(with_attrs(with_attrs($$, $1), $8), $6);
	}
	| variable_prefix words dims '[' ']' variable_attrs ';' {
		$$ = with_place(new_variable(parse, NODE_VAR, $2, @$), $3, NULL, NO_EXPRS);
		with_bound(with_attrs(with_attrs($$, $1), $6), NULL);
	}
	| error	{ RECOVER(@1); $$ = NULL; }
variable_prefix: %empty	{ $$ = (struct attr_list){0}; }
	| variable_prefix age	{ $$ = add_attr(parse, $1, $2); }
variable_attrs: %empty	{ $$ = (struct attr_list){0}; }
	| variable_attrs variable_attr	{ $$ = add_attr(parse, $1, $2); }
variable_attr: age
	| value
	| STRING	{ $$ = new_text_attr(parse, ATTR_DOC, NULL, @1, $1, @1); }
age: TRANSIENT	{ $$ = new_attr(parse, ATTR_WORD, $1, @1, @1); }
	| SINCE expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| UNTIL expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
/* At least two: a type and a name, which are told apart later. */
words: type type_part	{ $$ = add_expr($1, $2); }
	| words type_part	{ $$ = add_expr($1, $2); }
type: IDENT	{ $$ = ONE_EXPR(new_name(parse, $1, @1)); }
	| CONST	{ $$ = ONE_EXPR(new_name(parse, $1, @1)); }
	| LAYOUT name {
		$$ = add_expr(ONE_EXPR(new_string(parse, $1, @1)), new_name(parse, $2, @2));
	}
	| ENUM name {
		$$ = add_expr(ONE_EXPR(new_string(parse, $1, @1)), new_name(parse, $2, @2));
	}
type_part: type_word	{ $$ = new_name(parse, $1, @1); }
	| CONST	{ $$ = new_name(parse, $1, @1); }
	| '*'	{ $$ = new_name(parse, "*", @1); }

/* ---- attributes */

docs: %empty	{ $$ = (struct attr_list){0}; }
	| docs STRING {
		$$ = add_attr(parse, $1, new_text_attr(parse, ATTR_DOC, NULL, @2, $2, @2));
	}
attrs: %empty	{ $$ = (struct attr_list){0}; }
	| attrs attr	{ $$ = add_attr(parse, $1, $2); }
	| attrs CODE	{ $$ = with_body(parse, $1, $2, @2); }
attr: IDENT	{ $$ = new_attr(parse, ATTR_WORD, $1, @1, @1); }
	| age
	| IDENT NUMBER	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| IDENT '(' arguments ')' {
		$$ = new_value_attr(parse, ATTR_CALL, $1, @1, $3.first, @$);
	}
	| WIDTH expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| SIZE expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| VERSION expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| POLL expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| ALIAS path	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| ACCESS expr DOTS expr {
		$2->next = $4;
		$$ = new_value_attr(parse, ATTR_RANGE, $1, @1, $2, @$);
	}
	| ACCESS expr	{ $$ = new_value_attr(parse, ATTR_VALUE, $1, @1, $2, @$); }
	| value
	| RESET name '=' expr	{ $$ = new_value_attr(parse, ATTR_RESET, $2, @2, $4, @$); }
	| STRING	{ $$ = new_text_attr(parse, ATTR_DOC, NULL, @1, $1, @1); }
	| ENUM name {
		$$ = new_enum_attr(parse, &WORD($2, @2), NO_NODES, @$);
	}
	| ENUM '{' enumerators '}'	{ $$ = new_enum_attr(parse, NULL, $3, @$); }
	| ARROW arrow_target	{ $$ = new_value_attr(parse, ATTR_ARROW, "->", @1, $2, @$); }
	| ON name	{ $$ = new_hook_attr(parse, false, WORD($2, @2), @$); }
	| CHECK_WORD name	{ $$ = new_hook_attr(parse, true, WORD($2, @2), @$); }
value: '=' expr	{ $$ = new_value_attr(parse, ATTR_RESET, NULL, @1, $2, @$); }
	| '=' STRING {
		$$ = new_value_attr(parse, ATTR_RESET, NULL, @1, new_string(parse, $2, @2), @$);
	}
arrow_target: path
	| path '[' expr ']'	{ $$ = new_binary(parse, '[', $1, $3, @$); }

/* ---- names and expressions */

name: type_word
	| SINCE
	| UNTIL
	| TRANSIENT
/* Words that steer some statement are names in all others. */
type_word: value_name
	| SIZE
	| FILE_WORD
value_name: IDENT | WIDTH | ACCESS | VERSION | ALIAS | RESET | POLL | CONFIG | VENDOR_CAP

arguments: %empty	{ $$ = NO_EXPRS; }
	| exprs
exprs: expr	{ $$ = ONE_EXPR($1); }
	| exprs ',' expr	{ $$ = add_expr($1, $3); }

path: value_name	{ $$ = new_name(parse, $1, @1); }
	| path '.' name	{ $$ = new_path(parse, $1, $3, @$); }

expr: NUMBER
	| path
	| '(' expr ')'	{ $$ = $2; }
	| '-' expr %prec UNARY	{ $$ = new_unary(parse, '-', $2, @$); }
	| '+' expr %prec UNARY	{ $$ = new_unary(parse, '+', $2, @$); }
	| '~' expr %prec UNARY	{ $$ = new_unary(parse, '~', $2, @$); }
	| '!' expr %prec UNARY	{ $$ = new_unary(parse, '!', $2, @$); }
	| expr '*' expr	{ $$ = new_binary(parse, '*', $1, $3, @$); }
	| expr '/' expr	{ $$ = new_binary(parse, '/', $1, $3, @$); }
	| expr '%' expr	{ $$ = new_binary(parse, '%', $1, $3, @$); }
	| expr '+' expr	{ $$ = new_binary(parse, '+', $1, $3, @$); }
	| expr '-' expr	{ $$ = new_binary(parse, '-', $1, $3, @$); }
	| expr SHL expr	{ $$ = new_binary(parse, OP_SHL, $1, $3, @$); }
	| expr SHR expr	{ $$ = new_binary(parse, OP_SHR, $1, $3, @$); }
	| expr '<' expr	{ $$ = new_binary(parse, '<', $1, $3, @$); }
	| expr '>' expr	{ $$ = new_binary(parse, '>', $1, $3, @$); }
	| expr LE expr	{ $$ = new_binary(parse, OP_LE, $1, $3, @$); }
	| expr GE expr	{ $$ = new_binary(parse, OP_GE, $1, $3, @$); }
	| expr EQ expr	{ $$ = new_binary(parse, OP_EQ, $1, $3, @$); }
	| expr NE expr	{ $$ = new_binary(parse, OP_NE, $1, $3, @$); }
	| expr '&' expr	{ $$ = new_binary(parse, '&', $1, $3, @$); }
	| expr '^' expr	{ $$ = new_binary(parse, '^', $1, $3, @$); }
	| expr '|' expr	{ $$ = new_binary(parse, '|', $1, $3, @$); }
	| expr AND_AND expr	{ $$ = new_binary(parse, OP_ANDAND, $1, $3, @$); }
	| expr OR_OR expr	{ $$ = new_binary(parse, OP_OROR, $1, $3, @$); }
	| expr '?' expr ':' expr	{ $$ = new_conditional(parse, $1, $3, $5, @$); }

%%

static int yyreport_syntax_error(const yypcontext_t *context, void *scanner, struct parse *parse)
{
	enum { MOST = 64 };
	yysymbol_kind_t kinds[MOST];
	const char *names[MOST];
	yysymbol_kind_t found = yypcontext_token(context);
	const struct loc *loc = yypcontext_location(context);
	int n = yypcontext_expected_tokens(context, kinds, MOST);
	unsigned count = 0;

	(void)scanner;
	for (int i = 0; i < n; i++)
		names[count++] = yysymbol_name(kinds[i]);
	/* What the feed made up did not help: the real token is the mistake. */
	if (parse->made_up) {
		found = YYTRANSLATE(parse->held->kind);
		loc = &parse->held->loc;
		parse->made_up = false;
	}
	report_unexpected(parse, yysymbol_name(found), names, count, loc);
	return 0;
}

static void mdl_error(const struct loc *loc, void *scanner, struct parse *parse, const char *text)
{
	(void)scanner;
	(void)text;      /* only "memory exhausted" comes this way */
	diag_report(parse->tree->diag, CHECK_TOO_DEEP, *loc, "nested too deep");
	parse->gave_up = true;
}
