// How tests learn where the services are, and that no two files share names.
import { describe, expect, it } from "vitest";

import { ownNames, serviceAddresses, servicesVariable } from "../../support/services.ts";

const addresses = { brokers: "127.0.0.1:1", registryUrl: "http://127.0.0.1:2", redis: "127.0.0.1:3" };

describe("addresses of the services", () => {
  it("are what the runner handed over", () => {
    expect(serviceAddresses({ [servicesVariable]: JSON.stringify(addresses) })).toEqual(addresses);
  });

  it("are refused where there are none, saying how to run the test", () => {
    expect(() => serviceAddresses({})).toThrow(/npm test/);
  });

  it("are refused where one is missing", () => {
    expect(() => serviceAddresses({ [servicesVariable]: '{"brokers":"127.0.0.1:1"}' })).toThrow(servicesVariable);
  });
});

describe("names of a test file", () => {
  it("say which file it is", () => {
    expect(ownNames(import.meta.url).topic).toMatch(/^test-services-[0-9a-f]{8}$/);
  });

  it("are new at every call", () => {
    expect(ownNames(import.meta.url)).not.toEqual(ownNames(import.meta.url));
  });
});
