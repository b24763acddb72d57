// What is covered, and what is not.

#include "words.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Ends the test with the line that does not hold, in every build.
#define CHECK(condition) ((condition) ? (void)0 : (fprintf(stderr, "line %d: %s\n", __LINE__, #condition), exit(1)))

static words list;

static void covers(const char *text, const char *expected, uint32_t count) {
    char *own = malloc(strlen(text) + 1);
    uint32_t covered;
    CHECK(own != NULL);
    strcpy(own, text);
    size_t len = words_cover(&list, own, strlen(text), &covered);
    CHECK(len == strlen(expected) && memcmp(own, expected, len) == 0 && covered == count);
    free(own);
}

int main(void) {
    char number[16];
    CHECK(words_init(&list));
    covers("Darn, it works!", "****, it works!", 1);
    covers("darning is no heckling", "darning is no heckling", 0);
    covers("DAMN heck crap", "**** **** ****", 3);
    covers("", "", 0);

    CHECK(words_add(&list, "M\xc3\xbcll", 5) == WORD_ADDED);
    CHECK(words_add(&list, "m\xc3\xbcLL", 5) == WORD_KNOWN);
    covers("so a m\xc3\xbcll!", "so a ****!", 1);

    CHECK(words_add(&list, "", 0) == WORD_WRONG && words_add(&list, "two words", 9) == WORD_WRONG);
    CHECK(words_add(&list, number, WORD_LIMIT + 1) == WORD_WRONG);
    for (int i = 0; list.count < WORDS_LIMIT; i++) {
        snprintf(number, sizeof number, "%d", i);
        words_add(&list, number, strlen(number));
    }
    CHECK(words_add(&list, "onemore", 7) == WORD_NO_ROOM);
    covers("1 and 1", "* and *", 2);

    words_free(&list);
    puts("all is well");
    return 0;
}
