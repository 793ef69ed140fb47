// What service-with-defects.ts and the test that starts it must call alike.

/** Environment variable that turns the defects on. */
export const defectVariable = "TEST_DEFECTS";

/** Messages that begin with it can't be decided. */
export const defectWord = "defect";
