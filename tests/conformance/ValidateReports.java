/* usage: java -cp pixelmed.jar ValidateReports.java FILE...
 * Checks the template of each Structured Report with PixelMed's DicomSRValidator, all in one virtual
 * machine because the validator takes 20 s to start. Prints "FILE: template: Error..." and
 * "FILE: template: Warning..." and, for each file, how many there were; exits 1 when a file cannot be
 * read, names no root template that the validator knows, or has an error. A document is judged by its
 * content alone, which takes seconds, so one with the content of an earlier file gets its verdict (UIDs aside: no
 * template speaks of their values). The SOP class only selects the root template: one of each is judged for sure. */
import com.pixelmed.dicom.Attribute;
import com.pixelmed.dicom.AttributeList;
import com.pixelmed.dicom.AttributeTag;
import com.pixelmed.dicom.SequenceAttribute;
import com.pixelmed.dicom.TagFromName;
import com.pixelmed.dicom.TransferSyntax;
import com.pixelmed.validate.DicomSRValidator;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

public class ValidateReports {
    /** All that a template speaks of: the root item and what is below it. */
    private static final AttributeTag[] CONTENT = {
        TagFromName.ValueType, TagFromName.ConceptNameCodeSequence,
        TagFromName.ContinuityOfContent, TagFromName.ContentTemplateSequence, TagFromName.ContentSequence,
    };

    private final DicomSRValidator validator = new DicomSRValidator();
    private final Map<String, String> verdicts = new HashMap<>();
    private final Set<String> kinds = new HashSet<>(); // SOP classes that were judged

    private ValidateReports() throws Exception {
        validator.setOptionCheckTemplateID(true);
        validator.setOptionCheckAmbiguousTemplate(true);
    }

    private static String contentOf(AttributeList report) throws Exception {
        AttributeList content = new AttributeList();
        for (AttributeTag tag : CONTENT)
            if (report.get(tag) != null)
                content.put(report.get(tag));
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        content.write(bytes, TransferSyntax.ExplicitVRLittleEndian, false, true);
        return bytes.toString(StandardCharsets.ISO_8859_1).replaceAll("2\\.25\\.\\d+", "UID");
    }

    /** The root template that the report says it has; "none" where it says none. */
    private static String templateOf(AttributeList report) {
        SequenceAttribute templates = (SequenceAttribute) report.get(TagFromName.ContentTemplateSequence);
        if (templates == null || templates.getNumberOfItems() == 0)
            return "none";
        AttributeList item = templates.getItem(0).getAttributeList();
        return Attribute.getSingleStringValueOrDefault(item, TagFromName.TemplateIdentifier, "none");
    }

    private String verdictOn(AttributeList report) throws Exception {
        String content = contentOf(report);
        String kind = Attribute.getSingleStringValueOrDefault(report, TagFromName.SOPClassUID, "none");
        if (kinds.add(kind) || !verdicts.containsKey(content))
            verdicts.put(content, validator.validate(report));
        return verdicts.get(content);
    }

    private static List<String> linesOf(String verdict, String kind) {
        return verdict.lines().filter(line -> line.startsWith(kind)).collect(Collectors.toList());
    }

    private boolean accepts(String file) throws Exception {
        AttributeList report = new AttributeList();
        report.read(file);
        String verdict = verdictOn(report);
        List<String> errors = linesOf(verdict, "Error");
        List<String> warnings = linesOf(verdict, "Warning");
        String template = templateOf(report);
        boolean checked = verdict.contains("Found Root Template TID_" + template + " ");

        errors.forEach(line -> System.out.println(file + ": template: " + line));
        warnings.forEach(line -> System.out.println(file + ": template: " + line));
        if (!checked)
            System.out.println(file + ": template: Error: the validator did not find template " + template);
        System.out.println(file + ": template: " + errors.size() + " errors, " + warnings.size() + " warnings");
        return checked && errors.isEmpty();
    }

    public static void main(String[] files) throws Exception {
        ValidateReports validators = new ValidateReports();
        boolean good = true;

        for (String file : files) {
            try {
                good &= validators.accepts(file);
            } catch (Exception reason) {
                System.out.println(file + ": template: Error: " + reason);
                good = false;
            }
        }
        int distinct = validators.verdicts.size();
        System.out.println("template validator: " + files.length + " reports, " + distinct + " distinct contents");
        System.exit(good ? 0 : 1);
    }
}
