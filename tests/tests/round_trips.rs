//! How often a client and the server take turns: counted on the wire, by a relay between them.

use mizzle::prelude::*;
use mizzle_tests::{Counted, Ground};

#[table]
#[has_many(branches: Branch)]
#[has_one(label: Label)]
#[many_to_many(birds: Bird, through = Nest)]
struct Tree {
    #[column(primary_key)]
    id: i32,
}

#[table]
struct Label {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(tree: Tree)]
    tree_id: i32,
}

#[table]
struct Bird {
    #[column(primary_key)]
    id: i32,
}

#[table]
struct Nest {
    #[column(primary_key)]
    #[belongs_to(tree: Tree)]
    tree_id: i32,
    #[column(primary_key)]
    #[belongs_to(bird: Bird)]
    bird_id: i32,
}

#[derive(Shape)]
#[shape(of = Tree)]
struct TreeCard {
    branches: Vec<BranchCard>,
    birds: Vec<Bird>,
    label: Option<Label>,
    #[shape(count = branches)]
    count: i64,
}

#[derive(Shape)]
#[shape(of = Branch)]
struct BranchCard {
    leaves: Vec<LeafCard>,
}

#[derive(Shape)]
#[shape(of = Leaf)]
struct LeafCard {
    branch: BranchName,
}

#[derive(Shape)]
#[shape(of = Branch)]
struct BranchName {
    id: i32,
}

#[table]
#[has_many(leaves: Leaf)]
struct Branch {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(tree: Tree)]
    tree_id: i32,
}

#[table]
struct Leaf {
    #[column(primary_key)]
    id: i32,
    #[belongs_to(branch: Branch)]
    branch_id: i32,
}

/// Two trees: the first has branches 1 and 2, bird 1 and a label; leaf 1 is on branch 1.
struct Forest {
    counted: Counted,
    _ground: Ground,
}

async fn forest() -> Forest {
    let ground = Ground::new(&[
        "CREATE TABLE tree (id int PRIMARY KEY)",
        "CREATE TABLE branch (id int PRIMARY KEY, tree_id int NOT NULL)",
        "CREATE TABLE leaf (id int PRIMARY KEY, branch_id int NOT NULL)",
        "CREATE TABLE label (id int PRIMARY KEY, tree_id int NOT NULL)",
        "CREATE TABLE bird (id int PRIMARY KEY)",
        "CREATE TABLE nest (tree_id int, bird_id int, PRIMARY KEY (tree_id, bird_id))",
    ])
    .await;
    ground.db.insert_many(&[NewTree::new(1), NewTree::new(2)]).await.unwrap();
    ground.db.insert_many(&[NewBranch::new(1, 1), NewBranch::new(2, 1), NewBranch::new(3, 2)]).await.unwrap();
    ground.db.insert_many(&[NewLeaf::new(1, 1), NewLeaf::new(2, 3)]).await.unwrap();
    ground.db.insert(NewLabel::new(1, 1)).await.unwrap();
    ground.db.insert(NewBird::new(1)).await.unwrap();
    ground.db.insert(NewNest::new(1, 1)).await.unwrap();

    Forest { counted: Counted::new(&ground), _ground: ground }
}

impl Forest {
    /// Loads in exactly one turn, once the statements are prepared, and has the server execute each of them once and no other.
    async fn in_one_flight<T, Q>(&self, statements: usize, query: impl Fn() -> Q) -> Vec<T>
    where
        T: Send + 'static,
        Q: mizzle::Load<T> + ToSqlText,
    {
        let text = query().to_sql().unwrap();
        assert_eq!(text.statements().len(), statements, "{text}");
        // the first time, the statements are prepared behind their own answers
        for _ in 0..2 {
            self.counted.db.load(query()).await.unwrap();
        }
        let before = self.executed().await;
        let (rows, taken) = self.counted.turns_of(self.counted.db.load(query())).await;
        assert_eq!(taken, 1, "turns for {text}");
        assert_eq!(self.executed().await - before, statements as i64, "statements for {text}");
        rows.unwrap()
    }

    /// How many prepared statements the only connection has executed, as the server counts them; not counting this question.
    async fn executed(&self) -> i64 {
        let question = || {
            sql!(
                "SELECT coalesce(sum(generic_plans + custom_plans), 0)::bigint FROM pg_prepared_statements
             WHERE statement NOT LIKE '%pg_prepared_statements%'"
            )
        };
        self.counted.db.first::<(i64,), _>(question()).await.unwrap().0
    }
}

#[tokio::test]
async fn every_kind_of_relation_is_loaded_in_one_flight_with_one_statement_each() {
    let forest = forest().await;
    let trees = || Tree::query().order_by(tree::id);
    let many = forest.in_one_flight(2, || trees().with(Tree::branches())).await;
    assert_eq!(many.iter().map(|tree| tree.related.len()).collect::<Vec<_>>(), [2, 1]);
    let one = forest.in_one_flight(2, || trees().with(Tree::label())).await;
    assert_eq!(one.iter().map(|tree| tree.related.is_some()).collect::<Vec<_>>(), [true, false]);
    let linked = forest.in_one_flight(2, || trees().with(Tree::birds())).await;
    assert_eq!(linked.iter().map(|tree| tree.related.len()).collect::<Vec<_>>(), [1, 0]);
    let parent = forest.in_one_flight(2, || Leaf::query().order_by(leaf::id).with(Leaf::branch())).await;
    assert_eq!(parent.iter().map(|leaf| leaf.related.as_ref().unwrap().id).collect::<Vec<_>>(), [1, 3]);
    let counted = forest
        .in_one_flight(3, || trees().with(Tree::branches().count()).with(Tree::branches().max(branch::id)))
        .await;
    assert_eq!(counted.iter().map(|tree| tree.related).collect::<Vec<_>>(), [(2, Some(2)), (1, Some(3))]);
    let first = || Tree::branches().order_by(branch::id.desc()).limit(1).with(Branch::leaves().limit(1));
    let top = forest.in_one_flight(3, || trees().limit(5).with(first())).await;
    assert_eq!(top.iter().map(|tree| tree.related[0].id).collect::<Vec<_>>(), [2, 3]);
    let deep = || Tree::branches().with(Branch::leaves().with(Leaf::branch()));
    let deep = forest.in_one_flight(4, || trees().with(deep())).await;
    assert_eq!(deep[1].related[0].related[0].related.as_ref().unwrap().id, 3);
    let any = forest.in_one_flight(1, || Tree::query().filter(Tree::birds().any())).await;
    assert_eq!(any, [Tree { id: 1 }]);
}

#[tokio::test]
async fn a_shape_of_depth_three_with_a_count_is_one_flight() {
    let forest = forest().await;
    let query =
        || TreeCard::query().order_by(tree::id).branches(|branches| branches.order_by(branch::id).limit(2));
    let cards: Vec<TreeCard> = forest.in_one_flight(7, query).await;
    assert_eq!(cards[0].branches[0].leaves[0].branch.id, 1);
    assert_eq!((cards[0].birds.len(), cards[0].label.is_some(), cards[0].count), (1, true, 2));
    assert_eq!((cards[1].birds.len(), cards[1].label.is_some(), cards[1].count), (0, false, 1));
}

#[tokio::test]
async fn a_first_execution_and_a_transaction_take_no_turn_more_than_they_need() {
    let forest = forest().await;
    let (counted, db) = (&forest.counted, &forest.counted.db);
    let one = || db.first(Tree::query().filter(tree::id.eq(1)));
    one().await.unwrap();
    one().await.unwrap();
    let (tree, taken) = counted.turns_of(one()).await;
    assert_eq!((tree.unwrap().id, taken), (1, 1));

    // BEGIN goes with the first statement: one turn for it, one for COMMIT
    let in_transaction = || db.transaction(async |tx| tx.first(Tree::query().filter(tree::id.eq(2))).await);
    in_transaction().await.unwrap();
    let (tree, taken) = counted.turns_of(in_transaction()).await;
    assert_eq!((tree.unwrap().id, taken), (2, 2));
}
