/* The folder that a run of a recipe leaves: what was asked for, by which code, on which data, and how far it is.
 *
 *   RUN/run.json          recipe, settings, seed, code version, digests, the command line of each stage
 *   RUN/1-NAME/           what the stage wrote, log.txt, and stage.json once it is done
 *   RUN/report.html       for people; made anew whenever a run ends
 *   RUN/.lock             held while somebody works here
 */
#ifndef MEDTL_TOOL_RUN_FOLDER_H
#define MEDTL_TOOL_RUN_FOLDER_H

#include "recipe_plan.h"

#include <jansson.h>

/** The version of the source that this program was built from ("git describe"), or its release. */
const char *code_version(void);

/** Make the folder and lock it; the lock is handed on to child processes, so that it is held until the last of them ends.
 *  @param[out] lock  For run_folder_unlock(); -1 on failure.
 *  @param[out] held  Whether it failed because another process works in the folder, which may be waited for. May be NULL.
 *  @return MEDTL_E_IO where that is so, or where the folder cannot be written; MEDTL_E_MEMORY. */
medtl_status run_folder_lock(const char *folder, int *lock, bool *held, medtl_error *err);
void run_folder_unlock(int lock);

/** Write run.json, or compare with the one that is there.
 *  @param force  Replace one that differs, and forget which stages are done.
 *  @return MEDTL_E_ARGUMENT for a folder that holds a run of another recipe or with other settings. */
medtl_status run_folder_open(const medtl_recipe *recipe, const recipe_inputs *inputs,
                             const recipe_plan *plan, bool force, medtl_error *err);

/** Is this stage done? And by this command line? */
bool run_folder_stage_done(const recipe_step *step);
bool run_folder_stage_same(const recipe_step *step);

/** What a stage that is done ended with. A stage.json that cannot be read counts as one without failures. */
int run_folder_stage_exit_code(const recipe_step *step);

/** Remove the files of a folder, not its folders. */
void run_folder_empty(const char *folder);

/** What a stage has taken, over all times that it was started. */
typedef struct stage_time {
    double seconds, processor_seconds;
} stage_time;

/** Write stage.json. */
medtl_status run_folder_stage_end(const recipe_step *step, int exit_code, const stage_time *took,
                                  medtl_error *err);
/** Of a stage that was stopped: what it had taken until then, zero where nothing is known; and keep it. What a run that
 *  was killed had taken since its start is not known. */
stage_time run_folder_stage_spent(const recipe_step *step);
void run_folder_stage_stopped(const recipe_step *step, const stage_time *took);

/** FOLDER/NAME. @return owned (free); NULL without memory. */
char *path_join(const char *folder, const char *name);

/** SHA-256 of a file, "" where it is none or cannot be read (a folder, say). */
void file_digest(const char *path, char text[MEDTL_SHA256_TEXT_SIZE]);

#endif
