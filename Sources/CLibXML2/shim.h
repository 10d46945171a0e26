#pragma once
#include <libxml/xmlversion.h>

// Debian builds libxml2 with ICU, and its headers then pull in ICU's, whose types clash with those of Foundation's own
// ICU in debug builds. Nothing here calls ICU.
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/dict.h>
#include <libxml/xmlerror.h>

// A push parser whose buffer is small to begin with: it grows by doubling, and the usual 8 KiB are more than a quiet stream
// ever needs. The size is a setting of the calling thread.
static inline xmlParserCtxtPtr clibxml2_push_parser(xmlSAXHandlerPtr handler, void *user_data) {
  int usual = xmlDefaultBufferSize;
  xmlDefaultBufferSize = 512;
  xmlParserCtxtPtr context = xmlCreatePushParserCtxt(handler, user_data, NULL, 0, NULL);
  xmlDefaultBufferSize = usual;
  return context;
}
