/**
 * Errors of the data API in the shape that Salesforce gives them: an array of code and message, and a status.
 * Thrown by the record store, the query side and the composite resource; turned into an answer by the data API.
 */
import { json } from "../answers.ts";
import type { Answer } from "../answers.ts";

/** A refusal of the data API. */
export class DataError extends Error {
  readonly status: number;
  readonly errorCode: string;
  readonly fields: readonly string[] | undefined;

  constructor(status: number, errorCode: string, message: string, fields?: readonly string[]) {
    super(message);
    this.name = "DataError";
    this.status = status;
    this.errorCode = errorCode;
    this.fields = fields;
  }
}

/** The body of a refusal: `[{message, errorCode, fields?}]`. */
export function errorBody(error: DataError): readonly unknown[] {
  const { message, errorCode, fields } = error;
  return [fields === undefined ? { message, errorCode } : { message, errorCode, fields }];
}

/** A refusal as an answer. */
export function errorAnswer(error: DataError): Answer {
  return json(error.status, errorBody(error));
}
