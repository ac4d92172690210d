//! What a decision may need, in `benches/limits.toml`.

use std::fmt::Write;

use toml_edit::{DocumentMut, Item, Table, value};

use crate::Count;

const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/limits.toml");

/// The limits as they stand in the file.
pub(crate) struct Limits {
    document: DocumentMut,
}

impl Limits {
    /// Reads the file.
    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(FILE).expect("the file of limits");
        Self { document: text.parse().unwrap_or_else(|error| panic!("{FILE}: {error}")) }
    }

    /// Sets the limits of these workloads to what was counted, and writes the file.
    pub(crate) fn write(&mut self, counts: &[Count]) {
        for count in counts {
            #[expect(clippy::cast_possible_truncation, reason = "far smaller than that")]
            let instructions = count.instructions.ceil() as i64;
            self.document["instructions"][&count.workload] = value(instructions);
        }
        std::fs::write(FILE, self.document.to_string()).expect("a file to write to");
    }

    /// How many instructions a decision of a workload may need, the margin included.
    fn instructions(&self, workload: &str) -> Option<f64> {
        let margin = number(self.item("margin_percent"));
        let limit = self.item("instructions").get(workload)?;
        Some(number(limit) * (1.0 + margin / 100.0))
    }

    fn allocations(&self) -> f64 {
        number(self.item("allocations"))
    }

    fn item(&self, name: &str) -> &Item {
        self.document.get(name).unwrap_or_else(|| panic!("{FILE}: there is no `{name}`"))
    }

    /// What is above its limit, or has none.
    pub(crate) fn findings(&self, counts: &[Count]) -> Vec<String> {
        let mut findings = Vec::new();
        for Count { workload, instructions, allocations, .. } in counts {
            match self.instructions(workload) {
                None => findings.push(format!("{workload}: no limit of instructions")),
                Some(limit) if *instructions > limit => findings.push(format!(
                    "{workload}: {instructions:.1} instructions a decision, at most {limit:.1}"
                )),
                Some(_) => {}
            }
            let limit = self.allocations();
            if *allocations > limit {
                findings.push(format!(
                    "{workload}: {allocations:.3} allocations a decision, at most {limit}"
                ));
            }
        }
        findings.extend(self.growth(counts));
        findings
    }

    /// Where the instructions grow with the policies by more than they may.
    fn growth(&self, counts: &[Count]) -> Vec<String> {
        let rules = self.item("growth").as_array_of_tables();
        let of = |name: &Item| {
            let name = name.as_str().expect("a workload");
            counts.iter().find(|count| count.workload == name)
        };
        let exceeded = |rule: &Table| {
            let (from, to) = (of(&rule["from"])?, of(&rule["to"])?);
            let growth = to.instructions / from.instructions;
            let limit = number(&rule["at_most"]);
            (growth > limit).then(|| {
                let (from, to) = (&from.workload, &to.workload);
                format!("{to}: {growth:.2} times the instructions of {from}, at most {limit}")
            })
        };
        rules.into_iter().flatten().filter_map(exceeded).collect()
    }

    /// What was counted, in Markdown.
    pub(crate) fn table(&self, counts: &[Count]) -> String {
        let mut text = String::from(
            "| workload | statements | instructions | at most | allocations |\n\
             |---|--:|--:|--:|--:|\n",
        );
        for Count { workload, statements, instructions, allocations } in counts {
            let limit = self.instructions(workload).map_or("–".to_owned(), |l| format!("{l:.0}"));
            let _ = writeln!(
                text,
                "| {workload} | {statements} | {instructions:.0} | {limit} | {allocations:.2} |"
            );
        }
        text
    }
}

fn number(item: &Item) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "far smaller than that")]
    let number = item.as_float().or_else(|| item.as_integer().map(|number| number as f64));
    number.unwrap_or_else(|| panic!("{FILE}: `{item}` is no number"))
}
