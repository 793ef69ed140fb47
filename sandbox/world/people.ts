/**
 * The users of the world under all their names, so that a call that knows only a contact's e-mail or a visitor's name
 * is still put down to the right phone in journal and faults.
 * Filled by the phone, asked by the Salesforce and Live Agent sides.
 */

/** A user as the bot introduces them to the service. */
export interface Person {
  /** Phone number, or Messenger id: what every channel call names the user by. */
  readonly userId: string;
  readonly name: string;
  readonly email: string;
  readonly phoneNumber: string;
  readonly channel: "whatsapp" | "facebook";
  /** Custom values of the connect call. */
  readonly extraData?: Readonly<Record<string, unknown>>;
}

/** The register. */
export interface People {
  /** Adds or replaces. */
  put(person: Person): void;
  /** The user, made up from the id when they were never introduced. */
  get(userId: string): Person;
  list(): readonly Person[];
  /** The user id behind a name, e-mail, phone number or user id; undefined when nobody is known by it. */
  find(alias: string): string | undefined;
  clear(): void;
}

/** An empty register. */
export function peopleRegister(): People {
  const byId = new Map<string, Person>();
  const byAlias = new Map<string, string>();
  const put = (person: Person): void => {
    byId.set(person.userId, person);
    for (const alias of [person.userId, person.name, person.email, person.phoneNumber]) {
      byAlias.set(alias.toLowerCase(), person.userId);
    }
  };
  return {
    put,
    get(userId) {
      const known = byId.get(userId);
      if (known !== undefined) {
        return known;
      }
      const person = strangerWith(userId);
      put(person);
      return person;
    },
    list: () => [...byId.values()],
    find: (alias) => byAlias.get(alias.toLowerCase()),
    clear() {
      byId.clear();
      byAlias.clear();
    },
  };
}

function strangerWith(userId: string): Person {
  return {
    userId,
    name: `Usuario ${userId}`,
    email: `usuario.${userId}@example.org`,
    phoneNumber: userId,
    channel: "whatsapp",
  };
}
