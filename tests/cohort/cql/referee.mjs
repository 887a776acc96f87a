// Runs an ELM library (or CQL text, translated first) for every person in a file of facts. Usage: referee.mjs elm|cql LIBRARY FACTS
import { readFileSync } from "node:fs";
import cql from "cql-execution";

const [form, path, facts] = process.argv.slice(2);
const lines = readFileSync(facts, "utf8").trim().split("\n").map((line) => JSON.parse(line));

async function elm() {
  if (form === "elm") return JSON.parse(readFileSync(path, "utf8"));
  const { CqlTranslator, LibraryManager, ModelManager, stringAsSource, createModelInfoProvider, createUcumService } = await import("@cqframework/cql/cql-to-elm");
  const models = new ModelManager();
  const folder = process.env.CQL_MODELINFO;
  models.modelInfoLoader.registerModelInfoProvider(createModelInfoProvider((id, system, version) => {
    const file = id === "System" ? "system-modelinfo.xml" : `${id.toLowerCase()}-modelinfo-${version}.xml`;
    return stringAsSource(readFileSync(`${folder}/${file}`, "utf-8"));
  }), true);
  // The units in the library are calendar ones, which need no conversion.
  const units = createUcumService((value) => value, () => null, (left) => left, (left) => left);
  const translator = CqlTranslator.fromText(readFileSync(path, "utf8"), new LibraryManager(models, undefined, undefined, units));
  const found = JSON.parse(translator.toJson());
  const errors = (found["library"].annotation ?? []).filter((one) => one.errorSeverity === "error");
  if (errors.length) throw new Error(`${errors.length} errors in translation: ${errors.slice(0, 3).map((one) => one.message).join("; ")}`);
  return found;
}

const library = new cql.Library(await elm());
const dates = (value) => (value && typeof value === "object" && value.date ? cql.Date.parse(value.date) : value);
const out = [];
for (const line of lines) {
  // What is unknown is left out: the engine takes a member that is null for one of the wrong type.
  const tuple = Object.fromEntries(Object.entries(line).filter(([, value]) => value !== null).map(([name, value]) => [name, dates(value)]));
  const results = await new cql.Executor(library, null, { Facts: tuple }).exec(new cql.PatientSource([]));
  out.push(JSON.stringify(results.unfilteredResults));
}
process.stdout.write(out.join("\n") + "\n");
