"""Files of every known shape become library columns; what cannot be used is rejected with a reason."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pandas as pd
import pytest

from recommender.data.catalogue import ItemCatalogue
from recommender.data.interactions import Interactions
from recommender.errors import DataError
from recommender.readers import (
    MAPPINGS,
    detect,
    iter_catalogue,
    parse_map,
    read_catalogue,
    read_interactions,
)
from recommender.readers.sheet import UNTIMED_START


@pytest.fixture
def write(tmp_path):
    """Write a file and give its path; ``.gz`` names are gzipped, lists become JSON lines."""

    def write_file(name, content, encoding="utf-8"):
        path = tmp_path / name
        if isinstance(content, list):
            content = "".join(json.dumps(record) + "\n" for record in content)
        data = content if isinstance(content, bytes) else content.encode(encoding)
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return path

    return write_file


def only(result):
    """The one row of a result as a dict."""
    assert len(result.frame) == 1
    return result.frame.iloc[0].to_dict()


REVIEW_2014 = {
    "reviewerID": "A1", "asin": "0001", "reviewerName": "x", "helpful": [0, 1], "reviewText": "It&#39;s fine",
    "overall": 5.0, "summary": "Good", "unixReviewTime": 1_400_000_000, "reviewTime": "05 13, 2014",
}  # fmt: skip


def test_amazon_2014_json_lines(write):
    result = read_interactions(write("reviews.json.gz", [REVIEW_2014]))
    assert result.mapping_name == "amazon-2014"
    assert only(result) == {
        "user_id": "A1", "item_id": "0001", "kind": "rating", "value": 5.0, "timestamp": 1_400_000_000,
        "title": "Good", "text": "It's fine",
    }  # fmt: skip


def test_amazon_2018_is_told_apart_by_its_verified_flag(write):
    review = REVIEW_2014 | {"verified": True}
    del review["reviewText"]
    result = read_interactions(write("reviews.json", [review]))
    assert result.mapping_name == "amazon-2018"
    assert only(result)["text"] == ""


def test_amazon_2023_reviews_count_for_the_parent_product(write):
    review = {
        "rating": 4.0, "title": "t", "text": "x", "asin": "B01", "parent_asin": "P01", "user_id": "u",
        "timestamp": 1_588_687_728_923, "helpful_vote": 0, "verified_purchase": True,
    }  # fmt: skip
    row = only(read_interactions(write("r.jsonl", [review])))
    assert (row["item_id"], row["timestamp"]) == ("P01", 1_588_687_728)


def test_fine_food_reviews(write):
    path = write(
        "Reviews.csv",
        "Id,ProductId,UserId,ProfileName,HelpfulnessNumerator,HelpfulnessDenominator,Score,Time,Summary,Text\n"
        '1,B001E4KFG0,A3SG,delmartian,1,1,5,1303862400,Good Dog Food,"I have bought, and<br />liked it"\n',
    )
    result = read_interactions(path)
    assert result.mapping_name == "fine-food"
    row = only(result)
    assert (row["user_id"], row["item_id"], row["value"], row["title"]) == ("A3SG", "B001E4KFG0", 5.0, "Good Dog Food")
    assert row["text"] == "I have bought, and liked it"


def test_hm_transactions_keep_the_leading_zero_and_make_a_day_an_order(write):
    path = write(
        "transactions_train.csv",
        "t_dat,customer_id,article_id,price,sales_channel_id\n2018-09-20,c1,0663713001,0.0508,2\n",
    )
    row = only(read_interactions(path))
    assert row["item_id"] == "0663713001"
    assert row["timestamp"] == pd.Timestamp("2018-09-20", tz="UTC").timestamp()
    assert (row["kind"], row["value"], row["order_id"]) == ("purchase", 1.0, "c1:2018-09-20")


RETAIL = """InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country
1,85123A,WHITE HOLDER,6,2011-07-01 08:26:00,2.55,17850,United Kingdom
2,85123A,WHITE HOLDER,2,2011-01-03 10:00:00,3.55,17850.0,United Kingdom
C3,85123A,WHITE HOLDER,-6,2011-01-03 10:00:00,2.55,17850,United Kingdom
4,POST,POSTAGE,1,2011-01-03 10:00:00,18.00,17850,France
5,85123A,damaged,-3,2011-01-03 10:00:00,0,,United Kingdom
6,85123A,WHITE HOLDER,3,2011-01-03 10:00:00,0,17850,United Kingdom
7,85123A,WHITE HANGING HOLDER,3,2011-01-03 10:00:00,9.55,,United Kingdom
8,22423,check,3,2011-01-03 10:00:00,1.25,17850,United Kingdom
9,22423,THE CAKE STAND 25cm,3,never,1.45,17850,United Kingdom
"""


def test_online_retail_keeps_what_was_sold_to_a_known_customer(write):
    result = read_interactions(write("retail.csv.gz", RETAIL))
    assert result.frame["user_id"].tolist() == ["17850", "17850", "17850"]
    assert result.frame["order_id"].tolist() == ["1", "2", "8"]
    assert result.frame["value"].tolist() == [6.0, 2.0, 3.0]
    assert dict(zip(result.rejects["row"], result.rejects["reason"], strict=True)) == {
        3: "cancelled",
        4: "not a product: the code does not begin with five digits",
        5: "returned or corrected: the quantity is not above zero",
        6: "the price is not above zero",
        7: "the customer is not known",
        9: "the time cannot be read",
    }
    assert result.rejects["value"].tolist() == ["C3", "POST", "-3", "0", "", "never"]
    assert result.n_rows == len(result.frame) + len(result.rejects)


def test_online_retail_times_are_london_times(write):
    times = read_interactions(write("retail.csv", RETAIL)).frame["timestamp"]
    summer, winter = pd.Timestamp("2011-07-01 07:26", tz="UTC"), pd.Timestamp("2011-01-03 10:00", tz="UTC")
    assert times.iloc[:2].tolist() == [summer.timestamp(), winter.timestamp()]


def test_online_retail_as_it_comes_from_the_repository_itself(write):
    second_edition = (
        "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
        "489434,85048,GLASS BALL,12,12/1/2009 7:45,6.95,13085.0,United Kingdom\n"
    )
    row = only(read_interactions(write("online_retail_II.csv", second_edition)))
    assert (row["user_id"], row["timestamp"]) == ("13085", pd.Timestamp("2009-12-01 07:45", tz="UTC").timestamp())


def test_the_online_retail_catalogue_is_worked_out_of_the_invoices(write):
    result = read_catalogue(write("retail.csv", RETAIL))
    items = result.frame.set_index("item_id")
    assert items["title"].to_dict() == {"85123A": "White holder", "22423": "The cake stand 25cm"}
    assert items.loc["85123A", "price"] == 3.55, "the median of 2.55, 3.55 and 9.55"
    assert items["currency"].unique().tolist() == ["GBP"]
    assert items["family"].to_dict() == {"85123A": "85123", "22423": "22423"}
    assert "a note or nothing instead of a product name in capitals" in result.reasons


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("u.data", "196\t242\t3\t881250949\n"),
        ("ratings.dat", "196::242::3::881250949\n"),
        ("ratings.csv", "userId,movieId,rating,timestamp\n196,242,3.0,881250949\n"),
    ],
)
def test_movielens_in_all_its_formats(write, name, content):
    result = read_interactions(write(name, content))
    assert result.mapping_name == "movielens"
    row = only(result)
    assert (row["user_id"], row["item_id"], row["value"], row["timestamp"]) == ("196", "242", 3.0, 881_250_949)


def test_movielens_half_a_star_counts_as_one_and_is_said(write):
    path = write("ratings.csv", "userId,movieId,rating,timestamp\n1,2,0.5,881250949\n1,3,4.5,881250950\n")
    result = read_interactions(path)
    assert result.frame["value"].tolist() == [1.0, 4.5]
    assert result.repairs == {"rating: half a star taken as one": 1}


def test_datafiniti_rejects_reviews_without_user_or_date(write):
    path = write(
        "reviews.csv",
        "user_id,product_id,rating,date,did_purchase,do_recommend,title,text,user_sentiment\n"
        "1,AV1,5,2012-11-30T06:21:45.000Z,,,Nice,x,Positive\n"
        ",AV1,5,2012-11-30T06:21:45Z,,,Nice,x,Positive\n"
        "2,AV1,5, hooks slide or swivel,,,Nice,x,Positive\n",
    )
    result = read_interactions(path)
    assert result.mapping_name == "datafiniti"
    assert only(result)["timestamp"] == pd.Timestamp("2012-11-30 06:21:45", tz="UTC").timestamp()
    assert result.reasons == {"the user is missing": 1, "the time cannot be read": 1}


def test_retailrocket_without_times_keeps_the_order_of_the_file(write):
    result = read_interactions(write("events.csv", "user_id,item_id,event\n1,5,view\n1,5,addtocart\n1,5,transaction\n"))
    assert result.frame["kind"].tolist() == ["view", "cart", "purchase"]
    assert result.frame["timestamp"].tolist() == [UNTIMED_START + row for row in (1, 2, 3)]
    assert list(result.repairs.values()) == [3]


def test_the_original_retailrocket_file_has_times(write):
    content = "timestamp,visitorid,event,itemid,transactionid\n1433221332117,257597,view,355908,\n"
    row = only(read_interactions(write("events.csv", content)))
    assert (row["user_id"], row["item_id"], row["timestamp"]) == ("257597", "355908", 1_433_221_332)


META_2018 = {
    "category": ["Gift Cards", "Gift Cards", "</span></span>", "No expiration, no fees."], "description": ["A &amp; B"],
    "title": "Card", "brand": "", "feature": ["Fast"], "price": "$1,250.00", "asin": "B1", "also_buy": [],
    "imageURL": ["s.jpg"], "imageURLHighRes": [],
}  # fmt: skip


def test_amazon_2018_products(write):
    row = only(read_catalogue(write("meta.json.gz", [META_2018])))
    assert row["category"] == "Gift Cards"
    assert row["description"] == "A & B Fast"
    assert (row["price"], row["currency"], row["brand"], row["image"]) == (1250.0, "USD", "", "s.jpg")


def test_empty_values_and_scraped_style_sheets_are_no_prices(write):
    records = [META_2018 | {"asin": f"B{n}", "price": price} for n, price in enumerate(["", [], ".a-box{margin:5px}"])]
    result = read_catalogue(write("meta.json", records))
    assert result.frame["price"].isna().all()
    assert result.repairs == {"price: not an amount, price left empty": 1}


def test_amazon_2014_products_written_as_python(write):
    line = (
        "{'asin': 'A1', 'title': \"Bob's\", 'price': 9.5, 'imUrl': 'x.jpg', 'categories': [['Toys', 'Cars'], ['B']]}\n"
    )
    row = only(read_catalogue(write("meta.json", line)))
    assert (row["title"], row["price"], row["category"], row["image"]) == ("Bob's", 9.5, "Toys > Cars", "x.jpg")


def test_amazon_2023_products(write):
    record = {
        "main_category": "Beauty", "title": "Soap", "average_rating": 4.5, "features": ["Mild"], "description": [],
        "price": 3.5, "images": [{"large": "l.jpg", "hi_res": None}], "store": "Suds", "categories": ["Beauty", "Soap"],
        "parent_asin": "P1",
    }  # fmt: skip
    row = only(read_catalogue(write("meta.jsonl", [record])))
    assert row["category"] == "Beauty > Soap"
    assert (row["brand"], row["price"], row["image"], row["rating"]) == ("Suds", 3.5, "l.jpg", 4.5)


FASHION = """uniq_id,product_name,brand,sales_price,weight,rating,colour,large,amazon_prime__y_or_n,meta_keywords
a1,Blue Kurta,Libas,"1,299.00",2 Kg,4.2,Black | White,http://x/1.jpg|http://x/2.jpg,Y,kurta
a2,Plain Kurta,,,999999999,,,,N,
,No id,,5,,,,,N,
"""


def test_amazon_fashion_2020(write):
    result = read_catalogue(write("fashion.csv", FASHION))
    assert result.mapping_name == "amazon-fashion-2020"
    full, bare = (result.frame.iloc[n] for n in (0, 1))
    assert (full["price"], full["currency"], full["weight_grams"], full["rating"]) == (1299.0, "INR", 2000.0, 4.2)
    assert (full["colours"], full["image"]) == ("black|white", "http://x/1.jpg")
    assert np.isnan(bare["weight_grams"])
    assert bare["colours"] == bare["brand"] == ""
    assert result.reasons == {"the item is missing": 1}


def test_hm_articles(write):
    content = (
        "article_id,product_code,prod_name,product_type_name,product_group_name,index_group_name,colour_group_name,"
        "detail_desc\n0108775015,0108775,Strap top,Vest top,Garment Upper body,Ladieswear,Black,Jersey top.\n"
    )
    row = only(read_catalogue(write("articles.csv", content)))
    assert row["category"] == "Ladieswear > Garment Upper body > Vest top"
    assert (row["image"], row["family"], row["colours"]) == ("010/0108775015.jpg", "0108775", "black")


def test_movielens_films_in_latin_1(write):
    flags = "|".join("1" if n in (1, 5) else "0" for n in range(19))
    row = only(read_catalogue(write("u.item", f"1|Misérables, Les (1995)|01-Jan-1995||http://x|{flags}\n", "latin-1")))
    assert row["title"] == "Misérables, Les (1995)"
    assert (row["category"], row["description"]) == ("Action", "Action, Comedy")
    row = only(read_catalogue(write("movies.dat", "1::Star Wars: A (1977)::Action|Sci-Fi\n", "latin-1")))
    assert (row["title"], row["description"]) == ("Star Wars: A (1977)", "Action, Sci-Fi")


def test_datafiniti_products_split_categories_at_commas_without_a_space(write):
    content = 'product_id,name,brand,manufacturer,categories\nAV1,Film,M,M,"Movies, Music & Books,Movies,DVD"\n'
    row = only(read_catalogue(write("products.csv", content)))
    assert (row["category"], row["description"]) == ("Movies, Music & Books", "Movies; DVD")


MYNTRA = """product_id,gender,masterCategory,subCategory,articleType,baseColour,season,year,usage,productDisplayName
1,Men,Apparel,Topwear,Shirts,Navy Blue,Fall,2011,Formal,Peter England Men Blue Shirt
2,Women,Personal Care,Lips,Lipstick,NA,Fall,2012,NA,Colorbar Flushed Plum
"""


def test_myntra_products_take_the_brand_from_the_name(write):
    items = read_catalogue(write("styles.csv", MYNTRA)).frame
    assert items["brand"].tolist() == ["Peter England", "Colorbar"]
    assert items["category"].tolist() == ["Apparel > Topwear > Shirts", "Personal Care > Lips > Lipstick"]
    assert items["colours"].tolist() == ["navy blue", ""]


def test_the_librarys_own_columns_need_no_map(write):
    content = "user_id,item_id,kind,value,timestamp\nu,i,rating,4,100\nu,j,view,,200\n"
    result = read_interactions(write("events.csv", content))
    assert result.mapping_name == "kindred"
    assert len(Interactions.from_frame(result.frame)) == 2


def test_any_file_by_a_column_map(write):
    path = write("sales.tsv", "customer\tsku\tdate\tqty\n007\tNA\t2024-05-01T12:00:00+02:00\t2\n")
    result = read_interactions(path, "user_id=customer,item_id=sku,timestamp=date,value=qty,kind:=purchase")
    assert only(result) == {
        "user_id": "007", "item_id": "NA", "kind": "purchase", "value": 2.0,
        "timestamp": int(pd.Timestamp("2024-05-01T10:00:00Z").timestamp()),
    }  # fmt: skip


def test_a_catalogue_by_a_column_map(write):
    path = write("items.csv", "sku;name;cost\n0042;Teapot;12,50\n")
    row = only(read_catalogue(path, {"item_id": "sku", "title": "name", "price": "cost", "currency": ":EUR"}))
    assert (row["item_id"], row["title"], row["price"], row["currency"]) == ("0042", "Teapot", 12.5, "EUR")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (",i,rating,4,100", "the user is missing"),
        ("u, ,rating,4,100", "the item is missing"),
        ("u\0,i,view,,100", "an id with a NUL character"),
        (f"u,{'é' * 257},view,,100", "an id longer than 512 bytes"),
        ("u,i,stare,4,100", "the kind is not one of"),
        ("u,i,rating,6,100", "the rating is not between 1 and 5"),
        ("u,i,rating,,100", "the rating is not between 1 and 5"),
        ("u,i,purchase,-1,100", "the quantity is not above zero"),
        ("u,i,purchase,1e300,100", "the quantity is not above zero"),
        ("u,i,view,,soon", "the time cannot be read"),
        ("u,i,view,,-5", "the time cannot be read"),
        ("u,i,view,,4000000000", "the time lies in the future"),
    ],
)
def test_every_unusable_row_is_rejected_with_its_reason(write, value, reason):
    path = write("events.csv", f"user_id,item_id,kind,value,timestamp\nu,i,view,,100\n{value}\n")
    result = read_interactions(path, now=1_700_000_000)
    assert len(result.frame) == 1
    assert result.rejects["row"].tolist() == [2]
    assert result.rejects["reason"][0].startswith(reason)


def test_a_map_without_kind_or_time_says_what_it_assumed(write):
    result = read_interactions(write("e.csv", "a,b,c\nu,i,4\nu,j,\n"), "user_id=a,item_id=b,rating=c")
    assert result.frame["kind"].tolist() == ["rating", "purchase"]
    assert len(result.repairs) == 2


def test_now_is_a_number_of_utc_seconds(write):
    with pytest.raises(DataError, match="now must be a number of UTC seconds"):
        read_interactions(write("log.csv", "user_id,item_id,timestamp\na,b,1\n"), now="today")


def test_a_product_with_an_endless_label_is_left_out_alone(write):
    """The catalogue would refuse it, and with it the whole file."""
    result = read_catalogue(write("items.csv", f"item_id,title,brand\na,Cup,{'b' * 2001}\nb,Pot,{'c' * 2000}\n"))
    assert result.frame["item_id"].tolist() == ["b"]
    assert result.rejects[["row", "column", "reason"]].to_numpy().tolist() == [
        [1, "brand", "more than 2,000 characters"]
    ]
    assert len(result.rejects["value"][0]) == 200
    assert len(ItemCatalogue.from_frame(result.frame)) == 1


def test_of_a_repeated_product_the_last_row_counts(write):
    result = read_catalogue(write("items.csv", "item_id,title\na,Old\nb,Pot\na,New\n"))
    assert result.frame.set_index("item_id")["title"].to_dict() == {"b": "Pot", "a": "New"}
    assert result.rejects["row"].tolist() == [1]
    assert len(ItemCatalogue.from_frame(result.frame)) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("user_id=", "needs name=column"),
        ("user_id=a,item_id", "needs name=column"),
        ("user_id=a,user_id=b", "twice"),
        ("user_id=a", "does not say where item_id is"),
        ("user_id=a,item_id=b,colour=c", "names 'colour'"),
        ("user_id=a,item_id=nope", "no column 'nope'"),
    ],
)
def test_a_column_map_that_cannot_work_is_refused(write, text, message):
    with pytest.raises(DataError, match=message):
        read_interactions(write("e.csv", "a,b,c\n1,2,3\n"), text)


def test_a_map_is_a_plain_list_of_pairs():
    assert parse_map(" user_id = a , item_id=b,kind:=view") == {"user_id": "a", "item_id": "b", "kind": ":view"}


def test_unknown_columns_name_the_known_schemas_and_what_was_seen(write):
    with pytest.raises(DataError) as caught:
        read_interactions(write("e.csv", "foo,bar\n1,2\n"))
    message = str(caught.value)
    assert "Seen: foo, bar" in message
    assert all(name in message for name in ("amazon-2014", "hm", "online-retail", "retailrocket"))
    assert "user_id=customer" in message


def test_an_unknown_schema_name_lists_the_known_ones(write):
    path = write("e.csv", "a,b\n1,2\n")
    with pytest.raises(DataError, match=r"no schema 'amazon'.*amazon-2014"):
        read_interactions(path, "amazon")
    with pytest.raises(DataError, match="no schema 'fine-food' of catalogue"):
        read_catalogue(path, "fine-food")


def test_a_named_schema_must_fit_the_file(write):
    with pytest.raises(DataError, match="Seen: a, b"):
        read_interactions(write("e.csv", "a,b\n1,2\n"), "hm")


def test_detection_prefers_the_more_specific_schema():
    assert detect(["user_id", "item_id", "rating", "timestamp"]) == "kindred"
    assert detect(["user_id", "item_id", "rating", "timestamp", "helpful_vote", "verified_purchase"]) == "amazon-2023"
    assert detect(["item_id", "title"], "catalogue") == "kindred"


def test_every_promised_schema_is_known():
    wanted = {
        "amazon-2014", "amazon-2018", "amazon-2023", "amazon-fashion-2020", "fine-food", "hm", "online-retail",
        "movielens", "datafiniti", "retailrocket", "myntra",
    }  # fmt: skip
    assert wanted <= set(MAPPINGS)


def test_a_derived_catalogue_comes_as_one_part_whatever_the_chunks(write):
    path = write("retail.csv", RETAIL)
    (part,) = iter_catalogue(path, chunk_rows=2)
    pd.testing.assert_frame_equal(part.frame, read_catalogue(path).frame)
