/*
 * What a Wireshark configuration folder holds beside the key tables.
 */
#ifndef CAPTURES_FOLDER_H
#define CAPTURES_FOLDER_H

/* ESP is decrypted, and its ICV judged. */
extern const char wireshark_preferences[];

#endif
