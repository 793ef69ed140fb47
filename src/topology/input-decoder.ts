// Decodes what turns take, and asks for schemas beside them: a registry that hangs holds up the topic whose record needs it, never the
// loop of its index. One per tenure. Called by the owner's loop.
import { decodeInput, type DecodedInput, type InputRules } from "./decode-input.ts";
import type { QueuedRecord } from "./inbox.ts";
import type { Clock, Log } from "./ports.ts";
import type { InputTopic } from "./topics.ts";
import type { TurnInput } from "./turn.ts";
import type { Waits } from "./turn-writer.ts";

/** What a decoder works with. */
export interface InputDecoderPorts extends InputRules {
  readonly clock: Clock;
  readonly log: Log;
  readonly waits: Waits;
  /** A topic that was asked for can go on. */
  goOn(topic: InputTopic): void;
}

/** The decoder of one tenure. */
export interface InputDecoder {
  /** Decodes in order. Of a topic whose record needs a schema that is asked for, that record and those behind it are left out. */
  decode(queued: readonly QueuedRecord[]): readonly TurnInput[];
  /** Topics whose next record waits for an answer now. */
  waiting(): readonly InputTopic[];
}

interface Question {
  readonly offset: number;
  /** Null until there is an answer and the topic may go on. */
  answer: DecodedInput | null;
}

const betweenTriesMs = 500;

/** A decoder that has asked nothing yet; what it asks when `signal` aborts is answered to nobody. */
export function createInputDecoder(ports: InputDecoderPorts, signal: AbortSignal): InputDecoder {
  const { clock, log, waits, partition } = ports;
  const questions = new Map<InputTopic, Question>();
  /** Topics that the registry has left without an answer, until their record is decoded. */
  const unanswered = new Set<InputTopic>();

  function decodeOne(queued: QueuedRecord): DecodedInput | null {
    const { topic, record } = queued;
    const question = questions.get(topic);
    if (question?.offset === record.offset && question.answer === null) return null;
    questions.delete(topic);
    const isAnswered = question?.offset === record.offset && question.answer?.kind !== "wait";
    const decoded = isAnswered ? question.answer : decodeInput(queued, ports);
    if (decoded instanceof Promise) {
      ask(topic, record.offset, decoded);
      return null;
    }
    if (unanswered.delete(topic) && unanswered.size === 0) waits.end("schema registry");
    return decoded;
  }

  function ask(topic: InputTopic, offset: number, decoding: Promise<DecodedInput>): void {
    const question: Question = { offset, answer: null };
    questions.set(topic, question);
    const answered = (answer: DecodedInput): void => {
      if (signal.aborted || questions.get(topic) !== question) return;
      question.answer = answer;
      ports.goOn(topic);
    };
    void decoding.then((answer) => {
      if (answer.kind !== "wait") answered(answer);
      if (answer.kind !== "wait" || signal.aborted) return;
      unanswered.add(topic);
      waits.begin("schema registry");
      log.warn(
        { partition, topic, detail: answer.detail },
        "the schema registry did not answer for an unknown schema; this topic waits",
      );
      clock.after(betweenTriesMs, () => answered(answer));
    });
  }

  return {
    decode(queued) {
      const inputs: TurnInput[] = [];
      const held = new Set<InputTopic>();
      for (const one of queued) {
        const decoded = held.has(one.topic) ? null : decodeOne(one);
        if (decoded === null) held.add(one.topic);
        else inputs.push({ queued: one, decoded });
      }
      return inputs;
    },
    waiting: () => [...questions].flatMap(([topic, { answer }]) => (answer === null ? [topic] : [])),
  };
}
