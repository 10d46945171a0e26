#pragma once
#include <idn2.h>
#include <stdlib.h>
#include <unicase.h>
#include <uninorm.h>
#include <unictype.h>

/* The normalisation forms are macros for the addresses of variables, which Swift does not import. */

static inline uint32_t *cunistring_nfc(const uint32_t *text, size_t count, uint32_t *buffer, size_t *length)
{
    return u32_normalize(UNINORM_NFC, text, count, buffer, length);
}

static inline uint32_t *cunistring_nfkc(const uint32_t *text, size_t count, uint32_t *buffer, size_t *length)
{
    return u32_normalize(UNINORM_NFKC, text, count, buffer, length);
}

static inline void cunistring_free(uint32_t *text)
{
    free(text);
}
