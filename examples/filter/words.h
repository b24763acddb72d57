// Words that are not for everybody.

#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The most words.
#define WORDS_LIMIT 1024
// The longest word, in bytes.
#define WORD_LIMIT 64

// A list of words. Whoever shares it between threads has a lock for it.
typedef struct {
    // Lower-case, and sorted.
    char (*list)[WORD_LIMIT + 1];
    size_t count;
} words;

// What came of a word that was to be added.
typedef enum { WORD_ADDED, WORD_KNOWN, WORD_WRONG, WORD_NO_ROOM } word_outcome;

// Makes a list with the first few words. False without memory.
bool words_init(words *self);
void words_free(words *self);

// Adds a word: 1 to 64 bytes of letters and digits, and characters beyond ASCII.
word_outcome words_add(words *self, const char *word, size_t len);

// Puts an asterisk in the place of each character of the words in the text, whose letters of ASCII may be of either case.
// The text becomes no longer; its length is given, and how many words were covered.
size_t words_cover(const words *self, char *text, size_t len, uint32_t *covered);

#endif
