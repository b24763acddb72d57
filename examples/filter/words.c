// Words that are not for everybody.

#include "words.h"
#include <stdlib.h>
#include <string.h>

// What everybody is spared without being asked.
static const char *const first[] = {"crap", "damn", "darn", "heck"};

// Whether a byte is part of a word: a letter, a digit, or part of a character beyond ASCII.
static bool in_word(char byte) {
    unsigned char it = (unsigned char)byte;
    return (it >= 'a' && it <= 'z') || (it >= 'A' && it <= 'Z') || (it >= '0' && it <= '9') || it >= 0x80;
}

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

// A word as it stands in the list. False if it is too long for it.
static bool fold(const char *word, size_t len, char folded[WORD_LIMIT + 1]) {
    if (len == 0 || len > WORD_LIMIT) return false;
    for (size_t i = 0; i < len; i++) folded[i] = lower(word[i]);
    folded[len] = 0;
    return true;
}

static int compare(const void *a, const void *b) {
    return strcmp(a, b);
}

static bool knows(const words *self, const char *folded) {
    return bsearch(folded, self->list, self->count, sizeof *self->list, compare) != NULL;
}

bool words_init(words *self) {
    self->count = 0;
    self->list = calloc(WORDS_LIMIT, sizeof *self->list);
    if (self->list == NULL) return false;
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) words_add(self, first[i], strlen(first[i]));
    return true;
}

void words_free(words *self) {
    free(self->list);
    self->list = NULL;
    self->count = 0;
}

word_outcome words_add(words *self, const char *word, size_t len) {
    char folded[WORD_LIMIT + 1];
    if (!fold(word, len, folded)) return WORD_WRONG;
    for (size_t i = 0; i < len; i++) {
        if (!in_word(word[i])) return WORD_WRONG;
    }
    if (knows(self, folded)) return WORD_KNOWN;
    if (self->count == WORDS_LIMIT) return WORD_NO_ROOM;
    memcpy(self->list[self->count++], folded, len + 1);
    qsort(self->list, self->count, sizeof *self->list, compare);
    return WORD_ADDED;
}

size_t words_cover(const words *self, char *text, size_t len, uint32_t *covered) {
    size_t to = 0;
    *covered = 0;
    for (size_t at = 0; at < len;) {
        char folded[WORD_LIMIT + 1];
        size_t start = at;
        while (at < len && in_word(text[at])) at++;
        if (at == start) {
            text[to++] = text[at++];
        } else if (!fold(text + start, at - start, folded) || !knows(self, folded)) {
            memmove(text + to, text + start, at - start);
            to += at - start;
        } else {
            *covered += 1;
            for (size_t i = start; i < at; i++) {
                // Bytes that go on with a character are none of their own.
                if (((unsigned char)text[i] & 0xc0) != 0x80) text[to++] = '*';
            }
        }
    }
    return to;
}
