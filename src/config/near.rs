//! The known word that somebody probably meant.

/// The known word nearest to `typed`, none when nothing is near.
#[must_use]
pub fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let typed = typed.to_lowercase();
    let most = (typed.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|word| (distance(&typed, &word.to_lowercase()), word))
        .filter(|(distance, _)| *distance <= most)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// "did you mean `x`", or the known words where none is near.
#[must_use]
pub fn suggest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> String {
    if let Some(word) = nearest(typed, known.clone()) {
        return format!("did you mean `{word}`?");
    }
    let mut words: Vec<_> = known.into_iter().map(|word| format!("`{word}`")).collect();
    let Some(last) = words.pop() else { return "there are none".to_owned() };
    let before = words.join(", ");
    format!("known: {before}{}{last}", if words.is_empty() { "" } else { " and " })
}

/// Single-character edits and swaps of neighbours between two words.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = vec![(0..=b.len()).collect()];
    let cell = |rows: &[Vec<usize>], i: usize, j: usize| {
        rows.get(i).and_then(|row| row.get(j)).copied().unwrap_or(usize::MAX / 2)
    };
    for i in 1..=a.len() {
        rows.push(vec![i]);
        for j in 1..=b.len() {
            let same = a.get(i - 1) == b.get(j - 1);
            let mut least = (cell(&rows, i - 1, j - 1) + usize::from(!same))
                .min(cell(&rows, i - 1, j) + 1)
                .min(cell(&rows, i, j - 1) + 1);
            if i > 1 && j > 1 && a.get(i - 1) == b.get(j - 2) && a.get(i - 2) == b.get(j - 1) {
                least = least.min(cell(&rows, i - 2, j - 2) + 1);
            }
            if let Some(row) = rows.last_mut() {
                row.push(least);
            }
        }
    }
    cell(&rows, a.len(), b.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_of_the_finger_are_understood_and_guesses_are_not_made() {
        let known = ["tolerance", "targets", "critical", "unit"];
        let cases = [
            ("tolerence", Some("tolerance")),
            ("toleranec", Some("tolerance")),
            ("Critical", Some("critical")),
            ("target", Some("targets")),
            ("unti", Some("unit")),
            ("colour", None),
            ("", None),
        ];
        for (typed, meant) in cases {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
    }

    #[test]
    fn without_a_near_word_the_known_ones_are_named() {
        assert_eq!(suggest("zebra", ["higher", "lower"]), "known: `higher` and `lower`");
        assert_eq!(suggest("highr", ["higher", "lower"]), "did you mean `higher`?");
    }
}
