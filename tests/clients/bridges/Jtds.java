// jTDS behind the words of tests/clients/bridge.py.

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Time;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Timer;
import java.util.TimerTask;

public class Jtds {
    private static final PrintStream OUT = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    private static Connection connection;

    /** A value and its kind. */
    record Word(String kind, String text) {
        static Word read(String word) {
            if (word.equals("-")) {
                return new Word("null", null);
            }
            int colon = word.indexOf(':');
            byte[] coded = Base64.getDecoder().decode(word.substring(colon + 1));
            return new Word(word.substring(0, colon), new String(coded, StandardCharsets.UTF_8));
        }

        int number() {
            return Integer.parseInt(text);
        }

        void bind(PreparedStatement statement, int place) throws SQLException {
            switch (kind) {
                case "null" -> statement.setNull(place, Types.VARCHAR);
                case "bool" -> statement.setBoolean(place, text.equals("true"));
                case "int" -> statement.setLong(place, Long.parseLong(text));
                case "float" -> statement.setDouble(place, Double.parseDouble(text));
                case "decimal" -> statement.setBigDecimal(place, new BigDecimal(text));
                case "bytes" -> statement.setBytes(place, java.util.HexFormat.of().parseHex(text));
                case "date" -> statement.setDate(place, Date.valueOf(text));
                case "datetime" -> statement.setTimestamp(place, Timestamp.valueOf(LocalDateTime.parse(text)));
                default -> statement.setString(place, text);
            }
        }
    }

    private static String word(String kind, String text) {
        return kind + ":" + Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    private static String write(Object value) throws SQLException {
        if (value == null) {
            return "-";
        }
        if (value instanceof Boolean) {
            return word("bool", value.toString());
        }
        if (value instanceof Integer || value instanceof Long || value instanceof Short) {
            return word("int", value.toString());
        }
        if (value instanceof BigDecimal decimal) {
            return word("decimal", decimal.toPlainString());
        }
        if (value instanceof Double || value instanceof Float) {
            return word("float", value.toString());
        }
        if (value instanceof byte[] bytes) {
            return word("bytes", java.util.HexFormat.of().formatHex(bytes));
        }
        if (value instanceof Timestamp moment) {
            return word("datetime", moment.toLocalDateTime().toString());
        }
        if (value instanceof java.sql.Clob clob) {
            return word("str", clob.getSubString(1, (int) clob.length()));
        }
        if (value instanceof java.sql.Blob blob) {
            return write(blob.getBytes(1, (int) blob.length()));
        }
        return word("str", value.toString());
    }

    private static void say(String... words) {
        OUT.println(String.join(" ", words));
    }

    private static void connect(List<Word> words) throws SQLException {
        String url = "jdbc:jtds:sqlserver://" + words.get(0).text() + ":" + words.get(1).text() + "/"
            + words.get(4).text() + ";loginTimeout=10";
        connection = DriverManager.getConnection(url, words.get(2).text(), words.get(3).text());
    }

    private static void tell(Statement statement, boolean isResult) throws SQLException {
        boolean more = isResult;
        while (more || statement.getUpdateCount() != -1) {
            if (more) {
                tell(statement.getResultSet());
            }
            more = statement.getMoreResults();
        }
    }

    private static void tell(ResultSet rows) throws SQLException {
        ResultSetMetaData columns = rows.getMetaData();
        say("set");
        while (rows.next()) {
            String[] words = new String[columns.getColumnCount() + 1];
            words[0] = "row";
            for (int place = 1; place < words.length; place++) {
                words[place] = write(rows.getObject(place));
            }
            say(words);
        }
    }

    private static void query(List<Word> words) throws SQLException {
        String text = words.get(0).text();
        if (words.size() == 1) {
            try (Statement statement = connection.createStatement()) {
                tell(statement, statement.execute(text));
            }
            return;
        }
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            for (int place = 1; place < words.size(); place++) {
                words.get(place).bind(statement, place);
            }
            tell(statement, statement.execute());
        }
    }

    /** Arguments come as name, type, whether it is an output, value; jTDS passes them by their places. */
    private static void call(List<Word> words) throws SQLException {
        int count = (words.size() - 1) / 4;
        String marks = "?,".repeat(count);
        String text = "{? = call " + words.get(0).text() + "(" + marks.substring(0, marks.length() - 1) + ")}";
        try (CallableStatement statement = connection.prepareCall(text)) {
            statement.registerOutParameter(1, Types.INTEGER);
            List<Integer> outputs = new ArrayList<>();
            for (int argument = 0; argument < count; argument++) {
                int place = argument + 2;
                words.get(4 * argument + 4).bind(statement, place);
                if (words.get(4 * argument + 3).text().equals("true")) {
                    boolean isDecimal = words.get(4 * argument + 2).text().startsWith("decimal");
                    statement.registerOutParameter(place, isDecimal ? Types.DECIMAL : Types.VARCHAR, 3);
                    outputs.add(argument);
                }
            }
            tell(statement, statement.execute());
            say("status", write(statement.getInt(1)));
            for (int argument : outputs) {
                say("output", word("str", words.get(4 * argument + 1).text()), write(statement.getObject(argument + 2)));
            }
        }
    }

    private static void timeout(List<Word> words) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.setQueryTimeout(1);
            tell(statement, statement.execute(words.get(0).text()));
        }
    }

    private static void cancel(List<Word> words) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            new Timer(true).schedule(new TimerTask() {
                @Override
                public void run() {
                    try {
                        statement.cancel();
                    } catch (SQLException error) {
                        throw new IllegalStateException(error);
                    }
                }
            }, 200);
            tell(statement, statement.execute(words.get(0).text()));
        }
    }

    private static void load(List<Word> words) throws SQLException {
        int count = words.get(1).number();
        List<String> names = new ArrayList<>();
        for (int column = 0; column < count; column++) {
            names.add(words.get(2 + 2 * column).text());
        }
        String marks = "?,".repeat(count);
        String text = "INSERT INTO " + words.get(0).text() + " (" + String.join(", ", names) + ") VALUES ("
            + marks.substring(0, marks.length() - 1) + ")";
        connection.setAutoCommit(false);
        try (PreparedStatement statement = connection.prepareStatement(text)) {
            for (int row = 2 + 2 * count; row < words.size(); row += count) {
                for (int column = 0; column < count; column++) {
                    words.get(row + column).bind(statement, column + 1);
                }
                statement.addBatch();
            }
            statement.executeBatch();
            connection.commit();
        } finally {
            connection.setAutoCommit(true);
        }
    }

    /** The rows of a query through a server cursor that scrolls: from the last to the first. */
    private static void backwards(List<Word> words) throws SQLException {
        try (Statement statement = connection.createStatement(
                ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY)) {
            ResultSet rows = statement.executeQuery(words.get(0).text());
            say("set");
            rows.afterLast();
            while (rows.previous()) {
                say("row", write(rows.getRow()), write(rows.getObject(1)));
            }
        }
    }

    /** Change the rows of a query, whose second column is a text, through an updatable server cursor. */
    private static void update(List<Word> words) throws SQLException {
        try (Statement statement = connection.createStatement(
                ResultSet.TYPE_SCROLL_SENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
            ResultSet rows = statement.executeQuery(words.get(0).text());
            rows.next();
            rows.updateString(2, words.get(1).text());
            rows.updateRow();
            rows.next();
            rows.deleteRow();
            rows.moveToInsertRow();
            rows.updateInt(1, words.get(2).number());
            rows.updateString(2, words.get(1).text());
            rows.insertRow();
        }
    }

    private static void perform(String operation, List<Word> words) throws SQLException {
        switch (operation) {
            case "connect" -> connect(words);
            case "query" -> query(words);
            case "call" -> call(words);
            case "begin" -> connection.setAutoCommit(false);
            case "commit" -> {
                connection.commit();
                connection.setAutoCommit(true);
            }
            case "rollback" -> {
                connection.rollback();
                connection.setAutoCommit(true);
            }
            case "timeout" -> timeout(words);
            case "cancel" -> cancel(words);
            case "load" -> load(words);
            case "backwards" -> backwards(words);
            case "update" -> update(words);
            case "close" -> connection.close();
            default -> throw new IllegalArgumentException(operation);
        }
    }

    public static void main(String[] arguments) throws Exception {
        Class.forName("net.sourceforge.jtds.jdbc.Driver");
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        String line;
        while ((line = input.readLine()) != null) {
            List<String> parts = Arrays.asList(line.split(" "));
            try {
                perform(parts.get(0), parts.stream().skip(1).map(Word::read).toList());
                say("done");
            } catch (SQLException error) {
                boolean cut = "HYT00".equals(error.getSQLState()) || "HY008".equals(error.getSQLState());
                String text = word("str", String.valueOf(error.getMessage()));
                if (cut) {
                    say("cut", text);
                } else {
                    say("error", word("int", String.valueOf(error.getErrorCode())), "-", "-", "-", text);
                }
            }
            OUT.flush();
        }
    }
}
