#pragma once
#include <libxml/xmlversion.h>

// Debian builds libxml2 with ICU, and its headers then pull in ICU's, whose types clash with those of Foundation's own
// ICU in debug builds. Nothing here calls ICU.
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/dict.h>
#include <libxml/xmlerror.h>
